"""The websocket: newest frames only, one in flight a view, and nobody waits for anybody."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable

import aiohttp
import pytest

from functions.core.jpeg import read_header
from tests.wait import wait_until_async
from tests.web.frames_of_chain import ANNOTATED, REDACTED, SOURCE, Camera
from tests.web.socket_client import connect
from tests.web.viewing import Viewing

Cameras = Callable[[str], Camera]


async def test_the_jpeg_is_the_very_bytes_of_the_record(viewing: Viewing, camera: Cameras) -> None:
    door = camera("bytes")
    frame = door.send(1, [SOURCE])
    async with connect(viewing) as client:
        await client.send(do="watch", view="a", right=SOURCE, source=door.name)
        picture = await client.picture()
    assert picture.jpegs["right"] == frame.jpeg
    assert picture.sides["right"]["captured_at"] == frame.captured_at


async def test_a_view_whose_picture_is_not_drawn_yet_gets_no_other_and_then_the_newest(
    viewing: Viewing, camera: Cameras
) -> None:
    door = camera("busy")
    await asyncio.to_thread(door.send, 1, [SOURCE])
    async with connect(viewing) as slow, connect(viewing) as quick:
        await slow.send(do="watch", view="a", right=SOURCE, source=door.name)
        first = await slow.picture()
        await quick.send(do="watch", view="a", right=SOURCE, source=door.name)
        for seq in range(2, 12):
            await asyncio.to_thread(door.send, seq, [SOURCE])
        while (picture := await quick.picture()).seq() < 11:
            await quick.send(do="ack", view="a", n=picture.n)
        with pytest.raises(asyncio.TimeoutError):
            await slow.picture(timeout_s=0.5)

    async with connect(viewing) as slow:
        await slow.send(do="watch", view="a", right=SOURCE, source=door.name)
        second = await slow.picture()
    assert (first.seq(), second.seq()) == (1, 11)


async def test_an_ack_brings_the_newest_frame_not_the_next(viewing: Viewing, camera: Cameras) -> None:
    door = camera("skipping")
    await asyncio.to_thread(door.send, 1, [SOURCE])
    async with connect(viewing) as client:
        await client.send(do="watch", view="a", right=SOURCE, source=door.name)
        first = await client.picture()
        taken = viewing.state()["frames"]
        for seq in range(2, 12):
            await asyncio.to_thread(door.send, seq, [SOURCE])
        await wait_until_async(lambda: viewing.state()["frames"] >= taken + 10, 10, "ten more frames in the viewer")
        await client.send(do="ack", view="a", n=first.n)
        assert (await client.picture()).seq() == 11


async def test_both_sides_are_the_same_frame_however_late_one_of_them_is(viewing: Viewing, camera: Cameras) -> None:
    door = camera("pairs")
    async with connect(viewing) as client:
        await client.send(do="watch", view="a", left=ANNOTATED, right=REDACTED, source=door.name)
        seen = []
        for seq in range(1, 9):
            await asyncio.to_thread(door.send, seq, [ANNOTATED])
            if seq > 3:
                await asyncio.to_thread(door.send, seq - 3, [REDACTED])
        while not seen or seen[-1].seq() < 5:
            picture = await client.picture()
            await client.send(do="ack", view="a", n=picture.n)
            if "right" in picture.sides:
                seen.append(picture)
    assert all(picture.seq("left") == picture.seq("right") for picture in seen)


async def test_two_browsers_each_get_every_frame_and_a_stalled_one_holds_up_none(
    viewing: Viewing, camera: Cameras
) -> None:
    door = camera("three")
    await asyncio.to_thread(door.send, 0, [SOURCE])
    async with connect(viewing) as stalled, connect(viewing) as one, connect(viewing) as other:
        for client in (stalled, one, other):
            await client.send(do="watch", view="a", right=SOURCE, source=door.name)
        for seq in range(1, 6):
            for client in (one, other):
                picture = await client.picture()
                assert picture.seq() == seq - 1
                await client.send(do="ack", view="a", n=picture.n)
            await asyncio.to_thread(door.send, seq, [SOURCE])


async def test_a_smaller_picture_is_made_for_those_who_ask(viewing: Viewing, camera: Cameras) -> None:
    door = camera("smaller")
    frame = door.send(1, [SOURCE])
    async with connect(viewing) as client:
        for width, size_wh in [(160, (160, 120)), (320, (320, 240)), (1280, (320, 240))]:
            await client.send(do="watch", view=f"of {width}", right=SOURCE, source=door.name, width=width)
            picture = await client.picture()
            assert read_header(picture.jpegs["right"]).size_wh == size_wh
            assert picture.sides["right"]["size_wh"] == [320, 240]
    assert picture.jpegs["right"] == frame.jpeg


async def test_dropping_a_view_stops_its_pictures(viewing: Viewing, camera: Cameras) -> None:
    door = camera("dropped")
    await asyncio.to_thread(door.send, 1, [SOURCE])
    async with connect(viewing) as client:
        await client.send(do="watch", view="a", right=SOURCE, source=door.name)
        await client.picture()
        await client.send(do="drop", view="a")
        await asyncio.to_thread(door.send, 2, [SOURCE])
        with pytest.raises(asyncio.TimeoutError):
            await client.picture(timeout_s=1)


async def test_the_state_names_the_sources_of_every_topic_and_how_long_ago_they_sent(
    viewing: Viewing, camera: Cameras
) -> None:
    door = camera("named")
    await asyncio.to_thread(door.send, 1)

    async def named() -> bool:
        async with connect(viewing) as client:
            state = await client.text("state")
            ages = state["sources"].get(door.name, [])
            return len(ages) == len(state["topics"]) and ages[state["topics"][REDACTED]["at"]] is not None

    await wait_until_async(named, 10, "the source in the state")


async def test_an_unknown_topic_is_refused_by_name(viewing: Viewing) -> None:
    async with connect(viewing) as client:
        await client.send(do="watch", view="a", right="__consumer_offsets")
        refused = await client.text("refused")
    assert refused["view"] == "a"
    assert refused["reason"].endswith("SOURCE_FRAME, got __consumer_offsets")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "nonsense",
        "[]",
        json.dumps({"do": "shutdown"}),
        json.dumps({"do": "watch", "view": "a", "right": 5}),
        json.dumps({"do": "watch", "view": "", "right": SOURCE}),
        json.dumps({"do": "watch", "view": "a", "right": SOURCE, "extra": 1}),
        json.dumps({"do": "ack", "view": "a", "n": "1"}),
        json.dumps({"do": "watch", "view": "a", "right": SOURCE, "width": 1}),
        "[" * 4000,
    ],
)
async def test_what_is_no_command_closes_the_socket(text: str, viewing: Viewing) -> None:
    async with connect(viewing) as client:
        await client.socket.send_str(text)
        assert await client.close_code() == 1008


async def test_a_command_of_5_kb_closes_the_socket(viewing: Viewing) -> None:
    async with connect(viewing) as client:
        await client.socket.send_str(json.dumps({"do": "drop", "view": "a" * 5000}))
        assert await client.close_code() == 1009


async def test_a_page_of_another_host_gets_no_websocket(viewing: Viewing) -> None:
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        async with connect(viewing, headers={"Origin": "http://evil.example"}):
            pass
    assert refused.value.status == 403
