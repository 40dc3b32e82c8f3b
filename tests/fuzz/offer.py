"""What a WHIP client sends to begin a session: an SDP answer, or a refusal that says what was expected."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from ipaddress import ip_network
from unittest import mock

from starlette.applications import Starlette
from starlette.types import Message

import web.camera.webrtc_peer
from streams import settings
from streams.chain import types as chain
from web.camera.whip import Whip

MAX_BYTES = 8192
_STATUSES = {200, 201, 400, 403, 404, 413, 415}
# This host under another address each time: one alone may not offer so often.
_peers = ip_network("127.0.0.0/8").hosts()
_loop = asyncio.new_event_loop()
_whip = Whip(settings.Settings(), chain.load(), {}, [])
_app = Starlette(routes=_whip.routes)
logging.disable(logging.WARNING)  # aiortc tells of what it does not know


class _NoBroker:
    """Takes records and forgets them."""

    def __init__(self, *_: object, **__: object) -> None:
        self.accepted = self.acknowledged = self.lost = self.pending = 0

    def poll(self, timeout_s: float) -> None:
        return

    def tell(self, key: bytes, value: bytes) -> None:
        return


class _NobodyElse:
    """The claim of a name that nobody else has."""

    def __init__(self, *_: object) -> None:
        return

    settle = check = close = __init__


def one(data: bytes) -> None:
    """Ask for a session, the first line being the query, and end it again."""
    with mock.patch.multiple(web.camera.webrtc_peer, Sender=_NoBroker, Claim=_NobodyElse):
        _loop.run_until_complete(_begin_and_end(*data.partition(b"\n")[::2]))


async def _begin_and_end(query: bytes, offer: bytes) -> None:
    status, headers = await _request("POST", "/whip", query, offer)
    assert status in _STATUSES, status
    if status == 201:
        ended, _ = await _request("DELETE", headers[b"location"].decode(), b"", b"")
        assert ended == 200, ended
    assert not _whip._sessions
    assert len(asyncio.all_tasks()) < 100, "tasks of sessions that have ended go on"


async def _request(method: str, path: str, query: bytes, body: bytes) -> tuple[int, dict[bytes, bytes]]:
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    headers = [(b"content-type", b"application/sdp")]
    scope = {"type": "http", "method": method, "path": path, "query_string": query, "headers": headers}
    await _app(scope | {"client": (str(next(_peers)), 1)}, receive, send)
    return sent[0]["status"], dict(sent[0]["headers"])


_SESSION = """v=0
o=- 4611731400430051336 2 IN IP4 127.0.0.1
s=-
t=0 0
a=group:BUNDLE 0{more}
a=msid-semantic: WMS stream
"""
_VIDEO = """m=video 9 UDP/TLS/RTP/SAVPF 96 97 102
c=IN IP4 0.0.0.0
a=rtcp:9 IN IP4 0.0.0.0
a=candidate:1 1 udp 2113937151 127.0.0.1 50000 typ host generation 0
a=ice-ufrag:EsAw
a=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1
a=ice-options:trickle
a=fingerprint:sha-256 {fingerprint}
a=setup:actpass
a=mid:0
a=extmap:1 urn:ietf:params:rtp-hdrext:sdes:mid
a={way}
a=msid:stream track
a=rtcp-mux
a=rtpmap:96 VP8/90000
a=rtcp-fb:96 nack pli
a=rtpmap:97 rtx/90000
a=fmtp:97 apt=96
a=rtpmap:102 H264/90000
a=fmtp:102 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f
a=ssrc:1001 cname:abc
a=ssrc-group:FID 1001 1002
a=ssrc:1002 cname:abc
"""
_AUDIO = """m=audio 9 UDP/TLS/RTP/SAVPF 111
c=IN IP4 0.0.0.0
a=ice-ufrag:EsAw
a=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1
a=fingerprint:sha-256 {fingerprint}
a=setup:actpass
a=mid:1
a=sendonly
a=rtcp-mux
a=rtpmap:111 opus/48000/2
a=fmtp:111 minptime=10;useinbandfec=1
"""


def seeds() -> Iterator[bytes]:
    """Offers as browsers make them, and queries."""
    fingerprint = ":".join(f"{byte:02X}" for byte in range(32))
    session, video = _SESSION.format(more=""), _VIDEO.format(way="sendonly", fingerprint=fingerprint)
    both = _SESSION.format(more=" 1") + video + _AUDIO.format(fingerprint=fingerprint)
    receiving = session + _VIDEO.format(way="recvonly", fingerprint=fingerprint)
    for query, offer in (
        ("", session + video),
        ("topic=SOURCE_FRAME&name=door&interval_ms=40", both),
        ("topic=REDACTION_FRAME", session + video),
        ("interval_ms=0000400", session),
        ("name=", receiving),
    ):
        yield f"{query}\n{offer}".replace("\n", "\r\n").replace("\r\n", "\n", 1).encode()
