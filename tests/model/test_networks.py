"""Addresses and networks."""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from groupchat.model.networks import Network, NetworkTable, parse

NETWORKS = st.one_of(
    st.tuples(st.ip_addresses(v=4), st.integers(0, 32)), st.tuples(st.ip_addresses(v=6), st.integers(0, 128))
).map(lambda pair: ip_network(f"{pair[0]}/{pair[1]}", strict=False))


class ParseTest(SynchronousTestCase):
    def test_written(self) -> None:
        """An IPv4 address is itself, an IPv6 one stands for its /64; networks are taken as they are meant."""
        for written, network in [
            ("192.0.2.7", "192.0.2.7/32"), ("::ffff:192.0.2.7", "192.0.2.7/32"), ("192.0.2.7/24", "192.0.2.0/24"),
            ("::ffff:192.0.2.0/120", "192.0.2.0/24"), ("2001:db8::1:2:3:4", "2001:db8::/64"),
            ("fe80::1%eth0", "fe80::/64"), ("2001:db8::1/128", "2001:db8::1/128"),
            ("::1", "::/64"), ("10.0.0.0/8", "10.0.0.0/8"),
        ]:  # fmt: skip
            self.assertEqual(str(parse(written)), network)

    def test_none(self) -> None:
        """A nickname, and what only looks like an address, is none."""
        for written in ["alice", "12345", "1.2.3", "192.0.2.256", "10.0.0.0/33", "a/b", "", "/", "::/129"]:
            self.assertIsNone(parse(written), written)


class TableTest(SynchronousTestCase):
    @given(st.lists(NETWORKS, max_size=20, unique=True), st.lists(st.ip_addresses(), max_size=20))
    def test_find(self, networks: list[Network], addresses: list[IPv4Address | IPv6Address]) -> None:
        """Found is exactly what is kept for the networks that contain the address, until it is taken out."""
        table: NetworkTable[Network] = NetworkTable()
        for network in networks:
            table[network] = network
        for address in [*addresses, *(network.network_address for network in networks)]:
            wanted = {network for network in networks if address in network}
            if getattr(address, "ipv4_mapped", None) is None:
                self.assertEqual(set(table.find(str(address))), wanted)
        self.assertEqual(len(table), len(networks))
        for network in networks:
            del table[network]
        self.assertEqual([*table.find("192.0.2.7"), len(table)], [0])

    def test_forms_of_an_address(self) -> None:
        """An IPv4 address is found as a socket for both families writes it; what is no address is in no network."""
        table: NetworkTable[str] = NetworkTable()
        table[ip_network("192.0.2.0/24")] = "net"
        table[ip_network("fe80::/64")] = "link"
        self.assertEqual(list(table.find("::ffff:192.0.2.9")), ["net"])
        self.assertEqual(list(table.find("fe80::1%eth0")), ["link"])
        for address in ["", "/run/chat.sock", str(ip_address("198.51.100.1"))]:
            self.assertEqual(list(table.find(address)), [])
