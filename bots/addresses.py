"""Which internet addresses are public: what others name is called only there. Pure."""

import ipaddress
from typing import Final

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

# What is given out for the internet at all; the rest wraps an IPv4 address (translators, the compatible form), is local
# to a site or a link, or is nobody's yet.
_IPV6_INTERNET: Final = ipaddress.IPv6Network("2000::/3")
# Not public in practice, whatever the registry's flags and this Python's copy of them say.
_REFUSED: Final = tuple(
    ipaddress.ip_network(text)
    for text in (
        "0.0.0.0/8",
        "100.64.0.0/10",
        # A large cloud's host agent answers here, on a globally routed number.
        "168.63.129.16/32",
        "192.0.0.0/24",
        "192.88.99.0/24",
        "198.18.0.0/15",
        "224.0.0.0/4",
        "240.0.0.0/4",
        # Tunnels that wrap an IPv4 address: Teredo and its neighbours, 6to4.
        "2001::/23",
        "2002::/16",
        "2001:db8::/32",
        "3fff::/20",
    )
)


def is_public(address: Address) -> bool:
    """Whether the address can only be somebody's on the open internet."""
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return is_public(address.ipv4_mapped)
        if address not in _IPV6_INTERNET:
            return False
    if not address.is_global or address.is_multicast or address.is_reserved:
        return False
    return not any(address in network for network in _REFUSED if network.version == address.version)
