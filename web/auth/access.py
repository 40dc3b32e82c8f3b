"""Access rules of the viewer and the camera page: pure functions of addresses and requests, for either framework."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from typing import NamedTuple

# Response headers: what a browser may do with an answer.
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data: blob:; "
        "media-src 'self'; "
        "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",  # with "no-referrer" the log-in form's own origin would come as null
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "Cache-Control": "no-store",
}
# The prefix that a household or office is given.
_IPV6_BITS = 64


def is_loopback(host: str) -> bool:
    """Whether only this host can reach an address."""
    if host == "localhost":
        return True
    address = address_of(host)
    return address is not None and address.is_loopback


def network_of(host: str) -> str:
    """What limits count as one client: an IPv4 address, the /64 of an IPv6 one; empty where it is no address."""
    address = address_of(host)
    if address is None or address.version == 4:
        return str(address or "")
    return str(ipaddress.ip_network((int(address), _IPV6_BITS), strict=False))


def address_of(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """The IP address in a text, None where it is none; an IPv4 address within an IPv6 one is that IPv4 address."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


METRICS = "/metrics"
_PUBLIC = ("/login", "/health", "/ready", "/session")
# Headers by which a proxy describes the client that it speaks for.
_PROXY_HEADERS = ("x-forwarded-", "forwarded", "x-real-ip", "via")


class RequestInfo(NamedTuple):
    """The parts of an HTTP request that access depends on; `headers` ignores the case of names."""

    method: str
    scheme: str
    host: str  # of the header Host, with the port
    hostname: str
    path: str
    remote: str  # the peer's address
    headers: Mapping[str, str]


def refusal(request: RequestInfo, server: str, unset: str | None) -> str | None:
    """Why a request is forbidden to everybody, None where it is not.

    `server` is what the text calls this server; `unset` names the secret that nobody has set, None where one is set.
    """
    if _is_cross_origin(request):
        return f"Expected a page of {server}"
    # DNS rebinding: a foreign page's own name would lead its scripts to a server that asks for no secret.
    if unset is not None and not is_loopback(request.hostname):
        return f"Expected http://127.0.0.1 or http://localhost, since no {unset} is set"
    return None


def is_public(request: RequestInfo) -> bool:
    """Whether a request needs no session; Prometheus on this host logs in nowhere."""
    if request.path == METRICS:
        return is_local(request)
    return request.path in _PUBLIC or request.path.startswith("/static/")


def is_local(request: RequestInfo) -> bool:
    """Whether a request was made on this host: a proxy's were made elsewhere."""
    return is_loopback(request.remote) and not any(name.lower().startswith(_PROXY_HEADERS) for name in request.headers)


def client_address(request: RequestInfo) -> str:
    """The client's address; a proxy on this host is believed the last one that it names."""
    named = request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip()
    return named if is_loopback(request.remote) and network_of(named) else request.remote


def client_scheme(request: RequestInfo) -> str:
    """https where the client speaks it; a proxy on this host is believed."""
    proxied = is_loopback(request.remote) and request.headers.get("X-Forwarded-Proto") == "https"
    return "https" if proxied else request.scheme


def _is_cross_origin(request: RequestInfo) -> bool:
    """Whether another site's page posts or opens a websocket: browsers send it with this site's cookie as well."""
    origin = request.headers.get("Origin")
    safe = request.method in ("GET", "HEAD") and "Upgrade" not in request.headers
    return not safe and origin is not None and origin != f"{client_scheme(request)}://{request.host}"
