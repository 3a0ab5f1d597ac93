"""Addresses and networks: read them as operators write them, and find the networks that contain an address."""

import hashlib
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Generic, TypeAlias, TypeVar

Network: TypeAlias = IPv4Network | IPv6Network

Value = TypeVar("Value")

HOUSEHOLD = 64
"""Length of the IPv6 prefix given to a household or machine; a banned person could use any address in it."""

_PRIVATE = tuple(
    map(
        ip_network,
        (
            *("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "127.0.0.0/8"),
            *("fc00::/7", "fe80::/10", "::1/128"),
        ),
    )
)
"""Private networks (RFC 1918, RFC 4193), link-local ones (RFC 3927, RFC 4291), and this machine."""


def parse(written: str) -> Network | None:
    """Return the network that an operator means: the /64 of an IPv6 address; None if it is not an address."""
    try:
        if "/" in written:
            return _unmapped(ip_network(written, strict=False))
        address = plain(written)
    except ValueError:
        return None
    if isinstance(address, IPv4Address):
        return IPv4Network(address)
    return IPv6Network((address, HOUSEHOLD), strict=False)


def plain(address: str) -> IPv4Address | IPv6Address:
    """Return the address; an IPv4 one as such, also when a socket for both families wrote it as IPv6.

    :raises ValueError: it is not an address.
    """
    # The scope of a link-local address names an interface of this machine; it is not part of the address.
    ip = ip_address(address.partition("%")[0])
    if isinstance(ip, IPv6Address) and ip.ipv4_mapped:
        return ip.ipv4_mapped
    return ip


def origin(address: str) -> str:
    """Return where a peer comes from, in words: its address, if it has one."""
    return address or "a UNIX socket"


def household(address: str) -> str:
    """Return what limits count an address as: itself, or the /64 of an IPv6 one; empty for no address."""
    if not address:
        return ""
    ip = plain(address)
    return str(ip) if isinstance(ip, IPv4Address) else str(IPv6Network((int(ip) >> 64 << 64, 64)))


def trace(address: str) -> str:
    """Return what stands for a household wherever it is kept without being shown: a digest; empty for no address."""
    return hashlib.sha256(household(address).encode()).hexdigest()[:32] if address else ""


def site(address: str) -> str:
    """Return the /48 of an IPv6 address, which is what one customer or company may have; empty for others."""
    if not address:
        return ""
    ip = plain(address)
    return "" if isinstance(ip, IPv4Address) else str(IPv6Network((int(ip) >> 80 << 80, 48)))


def is_private(address: str) -> bool:
    """Say whether the address is of a private network or of this machine, and so not of the internet."""
    ip = plain(address)
    return any(ip in network for network in _PRIVATE)


def contains(network: Network | None, address: str) -> bool:
    """Say whether an address is in a network; what is no address, as of a UNIX socket, is in none."""
    try:
        ip = plain(address)
    except ValueError:
        return False
    return network is not None and ip.version == network.version and ip in network


class NetworkTable(Generic[Value]):
    """A value for each of many networks, found by an address in as many steps as there are prefix lengths."""

    def __init__(self) -> None:
        self._values: dict[tuple[int, int], dict[int, Value]] = {}
        """(IP version, bits after the prefix) -> prefix -> value."""

    def __setitem__(self, network: Network, value: Value) -> None:
        form, prefix = _keys(network)
        self._values.setdefault(form, {})[prefix] = value

    def __delitem__(self, network: Network) -> None:
        form, prefix = _keys(network)
        del self._values[form][prefix]
        if not self._values[form]:
            del self._values[form]

    def __len__(self) -> int:
        return sum(map(len, self._values.values()))

    def find(self, address: str) -> Iterator[Value]:
        """Yield the values of the networks that contain the address; none if it is not one, as for a UNIX socket."""
        if not self._values or not address:
            return
        try:
            ip = plain(address)
        except ValueError:
            return
        for (version, host_bits), prefixes in self._values.items():
            if version == ip.version and (found := prefixes.get(int(ip) >> host_bits)) is not None:
                yield found


def _unmapped(network: Network) -> Network:
    """Return the IPv4 network if it is written as an IPv6 one, else the network itself."""
    mapped = network.network_address.ipv4_mapped if isinstance(network, IPv6Network) else None
    if mapped is None or network.prefixlen < 96:
        return network
    return IPv4Network((mapped, network.prefixlen - 96))


def _keys(network: Network) -> tuple[tuple[int, int], int]:
    """Return the two keys under which the table keeps the value of a network."""
    host_bits = network.max_prefixlen - network.prefixlen
    return (network.version, host_bits), int(network.network_address) >> host_bits
