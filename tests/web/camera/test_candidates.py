"""An offer names addresses to send packets to: this host sends to its asker's own and to no other."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator

import pytest
from aiortc import RTCPeerConnection, RTCSessionDescription, VideoStreamTrack

from streams.kafka.embedded_broker import EmbeddedBroker
from tests.wait import wait_until_async
from tests.web.ingesting import Ingest, start_ingest
from web.camera.ice import MAX_CANDIDATES, of_peer
from web.camera.whip import MAX_OFFERS

PEER = "192.0.2.7"


@pytest.fixture(scope="module")
def ingest() -> Iterator[Ingest]:
    with EmbeddedBroker() as broker, start_ingest(broker.url) as ingest:
        yield ingest


def candidate(address: str, port: int = 5000, transport: str = "udp") -> str:
    return f"a=candidate:1 1 {transport} 2130706431 {address} {port} typ host"


def kept(*lines: str, peer: str = PEER) -> list[str]:
    return of_peer("\r\n".join(("v=0", "m=video 9 X 0", *lines, "")), peer).splitlines()[2:]


LOCAL = ("127.0.0.1", "::1", "fe80::1", "10.0.0.1", "printer.local")
FOREIGN = (*LOCAL, "192.0.2.8", "0.0.0.0", "255.255.255.255", "224.0.0.251")


@pytest.mark.parametrize("foreign", FOREIGN)
def test_candidates_of_other_addresses_are_left_out(foreign: str) -> None:
    assert kept(candidate(foreign), candidate(PEER), "a=mid:0") == [candidate(PEER), "a=mid:0"]


@pytest.mark.parametrize(
    "broken", ["a=candidate:", "a=candidate:1 1 udp", "a=candidate:1 1 udp 5 999.1.1.1 5 typ host"]
)
def test_candidates_that_are_none_are_left_out(broken: str) -> None:
    assert kept(broken) == []


def test_one_address_is_the_same_however_it_is_written() -> None:
    assert kept(candidate(f"::ffff:{PEER}")) == [candidate(f"::ffff:{PEER}")]
    assert kept(candidate("2001:DB8:0::1"), peer="2001:db8::1") == [candidate("2001:DB8:0::1")]


def test_there_are_no_more_candidates_than_there_may_be() -> None:
    assert len(kept(*(candidate(PEER, port) for port in range(1, 500)))) == MAX_CANDIDATES


@pytest.mark.parametrize("peer", ["", "unknown", "192.0.2.9"])
def test_who_asks_from_nowhere_known_has_no_candidates(peer: str) -> None:
    assert kept(candidate(PEER), candidate(""), peer=peer) == []


async def _offer() -> str:
    peer = RTCPeerConnection()
    peer.addTransceiver("video", "sendonly")
    await peer.setLocalDescription(await peer.createOffer())
    sdp = peer.localDescription.sdp
    await peer.close()
    return sdp


async def test_no_packet_goes_to_a_foreign_address_of_an_offer(ingest: Ingest) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        stranger.bind(("127.0.0.77", 0))
        stranger.settimeout(3)
        lines = (await _offer()).splitlines()
        own = [line for line in lines if not line.startswith(("a=candidate:", "a=end-of-candidates"))]
        foreign = [candidate(*stranger.getsockname()), "a=end-of-candidates"]
        offer = "\r\n".join((*own, *foreign, "")).encode()
        assert (await asyncio.to_thread(ingest.offer, offer, "?name=foreign"))[0] == 201
        with pytest.raises(TimeoutError):
            await asyncio.to_thread(stranger.recv, 2048)


async def test_a_peer_finds_this_host_although_none_of_its_candidates_is_taken(ingest: Ingest) -> None:
    peer = RTCPeerConnection()
    peer.addTrack(VideoStreamTrack())
    await peer.setLocalDescription(await peer.createOffer())
    offer = peer.localDescription.sdp.replace("a=candidate:", "a=x-candidate:").encode()
    status, answer = await asyncio.to_thread(ingest.offer, offer, "?name=found")
    assert status == 201
    await peer.setRemoteDescription(RTCSessionDescription(answer, "answer"))
    await wait_until_async(lambda: peer.connectionState == "connected", 20, "a peer that is connected")
    await peer.close()


async def test_more_offers_of_an_address_than_there_may_be_are_refused(ingest: Ingest) -> None:
    def all_of_it() -> list[int]:
        return [
            ingest.offer(b"nonsense", "?name=many", X_Forwarded_For="198.51.100.3")[0] for _ in range(MAX_OFFERS + 2)
        ]

    assert await asyncio.to_thread(all_of_it) == [400] * MAX_OFFERS + [429] * 2
