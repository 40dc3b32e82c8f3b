"""ICE servers for peers on different networks: STUN, and TURN with its user."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping

from aiortc import RTCIceServer
from aiortc.rtcicetransport import parse_stun_turn_uri

from web.auth.credentials import CredentialError, secret

USER, PASSWORD = "IMAGEBUS_TURN_USER", "IMAGEBUS_TURN_PASSWORD"


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
