"""Filters an SDP offer's ICE candidates, so that this host sends packets to the client's own address only."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable

import psutil

from web.auth.peers import is_loopback

MAX_CANDIDATES = 16
_CANDIDATE, _END = "a=candidate:", "a=end-of-candidates"
_ADDRESS = 4


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
    own = _own_addresses() if is_loopback(peer) else {_canonical(peer)}
    return lambda line: len(words := line.split()) > _ADDRESS and _canonical(words[_ADDRESS]) in own - {""}


def _own_addresses() -> set[str]:
    """Of this host: a browser on it connects by loopback and offers these."""
    return {_canonical(each.address.partition("%")[0]) for card in psutil.net_if_addrs().values() for each in card}


def _canonical(address: str) -> str:
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return ""
    return str(getattr(parsed, "ipv4_mapped", None) or parsed)
