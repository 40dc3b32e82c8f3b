"""Access rules of the viewer and the camera page: pure functions of a request, whichever framework it came through."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from web.auth.peers import is_loopback, network_of

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
