"""ICE: STUN and TURN servers for peers on different networks, and the candidates of an offer that are accepted."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping

import psutil
from aiortc import RTCIceServer
from aiortc.rtcicetransport import parse_stun_turn_uri

from web.auth.access import address_of, is_loopback
from web.auth.credentials import CredentialError, secret

USER, PASSWORD = "IMAGEBUS_TURN_USER", "IMAGEBUS_TURN_PASSWORD"
# This host sends packets to each candidate, so to the client's own addresses only.
MAX_CANDIDATES = 16
_CANDIDATE, _END = "a=candidate:", "a=end-of-candidates"
_ADDRESS = 4


def servers(urls: Iterable[str], environ: Mapping[str, str] = os.environ) -> list[RTCIceServer]:
    """Each server by its URL; TURN with the user and password of the environment. Raises CredentialError."""
    return [_server(url, environ) for url in urls]


def for_browsers(ice: Iterable[RTCIceServer]) -> list[str]:
    """The URLs that pages may have: not TURN, whose password stays here; one side with a relay is enough."""
    return [str(server.urls) for server in ice if server.username is None]


def _server(url: str, environ: Mapping[str, str]) -> RTCIceServer:
    try:
        scheme = parse_stun_turn_uri(url)["scheme"]
    except ValueError:
        raise CredentialError(f"--ice: expected stun:HOST[:PORT] or turn:HOST[:PORT], got {url}") from None
    if not scheme.startswith("turn"):
        return RTCIceServer(url)
    user, password = environ.get(USER), secret(PASSWORD, environ)
    if not user or not password:
        raise CredentialError(f"--ice {url}: expected {USER} and {PASSWORD} (or {PASSWORD}_FILE) with it, got none")
    return RTCIceServer(url, user, password)


def of_peer(offer: str, peer: str) -> str:
    """The offer without ICE candidates of other addresses than the peer's.

    A peer that is left without any still connects to the candidates of the answer. The end-of-candidates line is
    removed, since with it the session would fail at once.
    """
    is_own = _own(peer)
    kept, lines = 0, []
    for line in offer.splitlines():
        if line.startswith(_CANDIDATE):
            kept += is_own(line)
            if not is_own(line) or kept > MAX_CANDIDATES:
                continue
        if not line.startswith(_END):
            lines.append(f"{line}\r\n")
    return "".join(lines)


def _own(peer: str) -> Callable[[str], bool]:
    """Whether a candidate's line is of the peer; a browser on this host connects by loopback and offers its others."""
    hosts = [each.address.partition("%")[0] for card in psutil.net_if_addrs().values() for each in card]
    own = {address_of(host) for host in (hosts if is_loopback(peer) else [peer])} - {None}
    return lambda line: len(words := line.split()) > _ADDRESS and address_of(words[_ADDRESS]) in own
