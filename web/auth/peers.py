"""Who asks: whether it is this host itself, a proxy on it, a page of our own; and which network an address is of."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable

# What a proxy tells of whom it asks for.
_PROXIES = ("x-forwarded-", "forwarded", "x-real-ip", "via")
# One household or office is given so much of IPv6.
_IPV6_BITS = 64


def is_loopback(host: str) -> bool:
    """Whether only this host itself can reach an address."""
    if host == "localhost":
        return True
    address = _address(host)
    return address is not None and address.is_loopback


def network_of(host: str) -> str:
    """What limits count as one asker: an IPv4 address, the /64 of an IPv6 one; empty for what is no address."""
    address = _address(host)
    if address is None or address.version == 4:
        return str(address or "")
    return str(ipaddress.ip_network((int(address), _IPV6_BITS), strict=False))


def is_proxied(names: Iterable[str]) -> bool:
    """Whether the names of a request's headers say that a proxy stands between."""
    return any(name.lower().startswith(_PROXIES) for name in names)


def is_own_page(origin: str, scheme: str, host: str) -> bool:
    """Whether an Origin is a page of the server that is asked by this scheme and Host."""
    return origin == f"{scheme}://{host}"


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address
