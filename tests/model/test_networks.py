"""Networks: how they are written, and which contain an address."""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from groupchat.model.networks import Network, NetworkTable, household, is_private, parse, plain

NETWORKS = st.one_of(
    st.tuples(st.ip_addresses(v=4), st.integers(0, 32)), st.tuples(st.ip_addresses(v=6), st.integers(0, 128))
).map(lambda pair: ip_network(f"{pair[0]}/{pair[1]}", strict=False))


class Parsing(SynchronousTestCase):
    def test_written(self) -> None:
        """An IPv4 address means itself, an IPv6 address its /64; a network written as IPv6 can be an IPv4 one."""
        for written, network in [
            ("192.0.2.7", "192.0.2.7/32"), ("::ffff:192.0.2.7", "192.0.2.7/32"), ("192.0.2.7/24", "192.0.2.0/24"),
            ("::ffff:192.0.2.0/120", "192.0.2.0/24"), ("::ffff:0:0/96", "0.0.0.0/0"),
            ("::ffff:0:0/95", "::fffe:0:0/95"),
            ("2001:db8::1:2:3:4", "2001:db8::/64"),
            ("fe80::1%eth0", "fe80::/64"), ("2001:db8::1/128", "2001:db8::1/128"),
            ("::1", "::/64"), ("10.0.0.0/8", "10.0.0.0/8"),
        ]:  # fmt: skip
            self.assertEqual(str(parse(written)), network)

    def test_none(self) -> None:
        """Nicknames, and texts that only resemble an address, are not networks."""
        for written in ["alice", "12345", "1.2.3", "192.0.2.256", "10.0.0.0/33", "a/b", "", "/", "::/129"]:
            self.assertIsNone(parse(written), written)

    def test_private(self) -> None:
        """Addresses that a network gives out by itself are private, and so are this machine's; all others are not."""
        for address in (
            "10.9.8.7",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.1.1",
            "127.0.0.66",
            "::1",
            "fd12::1",
            "fe80::1%eth0",
            "::ffff:10.0.0.1",
        ):
            self.assertTrue(is_private(address), address)
        for address in ("8.8.8.8", "172.15.0.1", "172.32.0.1", "192.0.2.1", "100.64.0.1", "2001:db8::1", "fec0::1"):
            self.assertFalse(is_private(address), address)

    @given(NETWORKS)
    def test_written_again(self, network: Network) -> None:
        """A network that was read and written is read as the same one; only IPv4 ones written as IPv6 change."""
        read = parse(str(network))
        assert read is not None
        self.assertEqual(parse(str(read)), read)
        if network.version == read.version:
            self.assertEqual(read, network)
        else:
            self.assertEqual((network.version, read.version), (6, 4))

    @given(st.ip_addresses())
    def test_address(self, address: IPv4Address | IPv6Address) -> None:
        """The network that an address means contains it, and is the one that limits count it as."""
        network = parse(str(address))
        assert network is not None
        self.assertIn(plain(str(address)), network)
        self.assertIn(household(str(address)), (str(network), str(network.network_address)))

    @given(st.text(max_size=40))
    def test_never_fails(self, text: str) -> None:
        """Any other text is not a network, and does not raise."""
        network = parse(text)
        if network is not None:
            self.assertEqual(parse(str(network)), network)


class Households(SynchronousTestCase):
    def test_plain(self) -> None:
        """An address loses its scope, and an IPv4 one its IPv6 form."""
        self.assertEqual(plain("::ffff:192.0.2.7"), IPv4Address("192.0.2.7"))
        self.assertEqual(plain("fe80::1%eth0"), IPv6Address("fe80::1"))
        self.assertRaises(ValueError, plain, "alice")

    def test_household(self) -> None:
        """Limits count an IPv4 address as itself and an IPv6 one as its /64."""
        for address, counted in [
            ("192.0.2.7", "192.0.2.7"), ("::ffff:192.0.2.7", "192.0.2.7"), ("2001:db8::1:2:3:4", "2001:db8::/64"),
            ("", ""),
        ]:  # fmt: skip
            self.assertEqual(household(address), counted)

    @given(st.ip_addresses(v=6), st.integers(0, 2**64 - 1))
    def test_neighbours(self, address: IPv6Address, low: int) -> None:
        """All addresses with the same first 64 bits are one household."""
        neighbour = IPv6Address(int(address) >> 64 << 64 | low)
        if address.ipv4_mapped is None and neighbour.ipv4_mapped is None:
            self.assertEqual(household(str(address)), household(str(neighbour)))


class Tables(SynchronousTestCase):
    @given(st.lists(NETWORKS, max_size=20, unique=True), st.lists(st.ip_addresses(), max_size=20))
    def test_find(self, networks: list[Network], addresses: list[IPv4Address | IPv6Address]) -> None:
        """Exactly the values of the networks that contain the address are found, until they are deleted."""
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
        """An IPv4 address is found also in its IPv6 form; texts other than addresses are in no network."""
        table: NetworkTable[str] = NetworkTable()
        table[ip_network("192.0.2.0/24")] = "net"
        table[ip_network("fe80::/64")] = "link"
        self.assertEqual(list(table.find("::ffff:192.0.2.9")), ["net"])
        self.assertEqual(list(table.find("fe80::1%eth0")), ["link"])
        for address in ["", "/run/chat.sock", str(ip_address("198.51.100.1"))]:
            self.assertEqual(list(table.find(address)), [])

    def test_replaced(self) -> None:
        """A network has one value: a second one replaces the first."""
        table: NetworkTable[str] = NetworkTable()
        table[ip_network("192.0.2.0/24")] = "first"
        table[ip_network("192.0.2.0/24")] = "second"
        self.assertEqual((list(table.find("192.0.2.1")), len(table)), (["second"], 1))

    def test_nested(self) -> None:
        """All networks that contain an address are found; deleting one leaves the others."""
        table: NetworkTable[int] = NetworkTable()
        networks = [
            ip_network(f"10.1.2.3/{bits}") if bits == 32 else ip_network(f"10.0.0.0/{bits}") for bits in (8, 9, 32)
        ]
        for network in networks:
            table[network] = network.prefixlen
        self.assertEqual(sorted(table.find("10.1.2.3")), [8, 9, 32])
        del table[networks[1]]
        self.assertEqual(sorted(table.find("10.1.2.3")), [8, 32])
        self.assertRaises(KeyError, table.__delitem__, networks[1])

    def test_families_are_apart(self) -> None:
        """A network of all IPv6 addresses does not contain an IPv4 one, and the other way round."""
        table: NetworkTable[int] = NetworkTable()
        table[ip_network("::/0")] = 6
        table[ip_network("0.0.0.0/0")] = 4
        self.assertEqual([list(table.find(address)) for address in ("192.0.2.1", "2001:db8::1")], [[4], [6]])
