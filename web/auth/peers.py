"""Peer addresses: loopback or not, and the network that a rate limit counts them under."""

from __future__ import annotations

import ipaddress

# The prefix that a household or office is given.
_IPV6_BITS = 64


def is_loopback(host: str) -> bool:
    """Whether only this host can reach an address."""
    if host == "localhost":
        return True
    address = _address(host)
    return address is not None and address.is_loopback


def network_of(host: str) -> str:
    """What limits count as one client: an IPv4 address, the /64 of an IPv6 one; empty where it is no address."""
    address = _address(host)
    if address is None or address.version == 4:
        return str(address or "")
    return str(ipaddress.ip_network((int(address), _IPV6_BITS), strict=False))


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address
