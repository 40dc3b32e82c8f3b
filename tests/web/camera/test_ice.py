"""Peers on different networks: a TURN server, whose password stays on this side."""

from __future__ import annotations

import asyncio
from asyncio import DatagramTransport

import pytest
from aioice import stun
from aioice.turn import make_integrity_key
from aiortc import RTCPeerConnection

from functions.core.errors import UsageError
from streams.kafka.embedded_broker import EmbeddedBroker
from tests.commands import Command
from tests.web.ingesting import start_ingest
from web.camera.ice import servers

USER, PASSWORD = "edge", "the relay's own"
TURN = {"IMAGEBUS_TURN_USER": USER, "IMAGEBUS_TURN_PASSWORD": PASSWORD}
RELAYED = ("192.0.2.9", 50_000)


class Relay(asyncio.DatagramProtocol):
    """As much of a TURN server as gives out an address, to one who knows the password."""

    def connection_made(self, transport: DatagramTransport) -> None:  # type: ignore[override]
        self._transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        asked = stun.parse_message(data)
        key = make_integrity_key(USER, "edge.example", PASSWORD)
        known = asked.attributes.get("USERNAME") == USER and asked.check_message_integrity(key)
        kind = stun.Class.RESPONSE if known else stun.Class.ERROR
        answer = stun.Message(asked.message_method, kind, asked.transaction_id)
        given = {"LIFETIME": 600, "XOR-MAPPED-ADDRESS": addr, "XOR-RELAYED-ADDRESS": RELAYED}
        refused = {"ERROR-CODE": (401, "Unauthorized"), "REALM": "edge.example", "NONCE": b"once"}
        answer.attributes.update(given if known else refused)
        if known:
            answer.add_message_integrity(key)
        self._transport.sendto(bytes(answer), addr)


async def test_a_turn_server_is_asked_with_the_password_which_no_page_and_no_answer_tells() -> None:
    relay, _ = await asyncio.get_running_loop().create_datagram_endpoint(Relay, ("127.0.0.1", 0))
    url = f"turn:127.0.0.1:{relay.get_extra_info('sockname')[1]}"
    peer = RTCPeerConnection()
    peer.addTransceiver("video", "sendonly")
    await peer.setLocalDescription(await peer.createOffer())
    with EmbeddedBroker() as broker:
        status, answer, page = await asyncio.to_thread(_begin, broker.url, url, peer.localDescription.sdp)
    await peer.close()
    relay.close()
    assert status == 201
    assert f"{RELAYED[0]} {RELAYED[1]} typ relay" in answer
    assert PASSWORD not in answer + page
    assert "turn:" not in page
    assert "stun:127.0.0.1:9" in page


def _begin(broker: str, url: str, offer: str) -> tuple[int, str, str]:
    with start_ingest(broker, "--ice", url, "--ice", "stun:127.0.0.1:9", env=TURN) as ingest:
        return *ingest.offer(offer.encode()), ingest.ask("/")[1]


@pytest.mark.parametrize(
    ("url", "environ", "said"),
    [
        ("http://example.org", {}, "--ice: expected stun:HOST[:PORT] or turn:HOST[:PORT], got http://example.org"),
        ("turn:", TURN, "--ice: expected stun:HOST[:PORT] or turn:HOST[:PORT], got turn:"),
        ("turn:example.org", {}, "--ice turn:example.org: expected IMAGEBUS_TURN_USER and IMAGEBUS_TURN_PASSWORD"),
        ("turn:example.org", {"IMAGEBUS_TURN_USER": USER}, "expected IMAGEBUS_TURN_USER and IMAGEBUS_TURN_PASSWORD"),
        ("turn:example.org", TURN | {"IMAGEBUS_TURN_PASSWORD_FILE": "/nowhere"}, "IMAGEBUS_TURN_PASSWORD: expected"),
    ],
)
def test_a_server_that_cannot_be_used_is_refused(url: str, environ: dict[str, str], said: str) -> None:
    with pytest.raises(UsageError) as refused:
        servers([url], environ)
    assert said in str(refused.value)
    assert PASSWORD not in str(refused.value)


def test_the_command_refuses_it_in_one_line(imagebus: Command) -> None:
    ended = imagebus("camera", "--ice", "turn:example.org")
    assert ended.code == 2
    assert "imagebus: --ice turn:example.org: expected IMAGEBUS_TURN_USER" in ended.err.splitlines()[-1]
