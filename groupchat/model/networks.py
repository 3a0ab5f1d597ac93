"""Addresses and networks: what an operator writes, and which of many networks an address is in."""

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Generic, TypeAlias, TypeVar

Network: TypeAlias = IPv4Network | IPv6Network

Kept = TypeVar("Kept")

HOUSEHOLD = 64
"""The IPv6 prefix one household or machine is given, in bits; who is kept out by address could take any in it."""


def parse(written: str) -> Network | None:
    """The network somebody means: of an IPv6 address its /64, of an IPv4 one itself; None if it is no address."""
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
    """The address, without the IPv6 form an IPv4 one has at a socket that takes both.

    :raises ValueError: it is none.
    """
    # The scope of a link-local address says through which of our interfaces it came; it is no part of the address.
    ip = ip_address(address.partition("%")[0])
    if isinstance(ip, IPv6Address) and ip.ipv4_mapped:
        return ip.ipv4_mapped
    return ip


def household(address: str) -> str:
    """Return what an address is counted as: itself, or the /64 of an IPv6 one; empty for none."""
    if not address:
        return ""
    ip = plain(address)
    return str(ip) if isinstance(ip, IPv4Address) else str(IPv6Network((int(ip) >> 64 << 64, 64)))


class NetworkTable(Generic[Kept]):
    """Something kept for each of many networks, found by an address in as many steps as there are prefix lengths."""

    def __init__(self) -> None:
        self._kept: dict[tuple[int, int], dict[int, Kept]] = {}
        """IP version and bits after the prefix -> prefix -> what is kept."""

    def __setitem__(self, network: Network, kept: Kept) -> None:
        form, prefix = _place(network)
        self._kept.setdefault(form, {})[prefix] = kept

    def __delitem__(self, network: Network) -> None:
        form, prefix = _place(network)
        del self._kept[form][prefix]
        if not self._kept[form]:
            del self._kept[form]

    def __len__(self) -> int:
        return sum(map(len, self._kept.values()))

    def find(self, address: str) -> Iterator[Kept]:
        """What is kept for the networks the address is in; nothing for what is no address, as of a UNIX socket."""
        if not self._kept or not address:
            return
        try:
            ip = plain(address)
        except ValueError:
            return
        for (version, host_bits), prefixes in self._kept.items():
            if version == ip.version and (found := prefixes.get(int(ip) >> host_bits)) is not None:
                yield found


def _unmapped(network: Network) -> Network:
    """The IPv4 network that is written as an IPv6 one."""
    mapped = network.network_address.ipv4_mapped if isinstance(network, IPv6Network) else None
    if mapped is None or network.prefixlen < 96:
        return network
    return IPv4Network((mapped, network.prefixlen - 96))


def _place(network: Network) -> tuple[tuple[int, int], int]:
    host_bits = network.max_prefixlen - network.prefixlen
    return (network.version, host_bits), int(network.network_address) >> host_bits
