"""The viewer's and the camera page's pages for machines."""

from __future__ import annotations

import asyncio
import textwrap
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from tests.processes import free_port
from tests.streams.pages import get, parsed
from tests.wait import wait_until, wait_until_async
from tests.web.frames_of_chain import SOURCE, Camera
from tests.web.ingesting import start_ingest
from tests.web.socket_client import connect
from tests.web.viewing import WARM_UP, Viewing, start_viewer

# A module of functions that has none: once its file is there, consumers of this process fetch no more.
DEAF = """
    import gc, pathlib, threading, time
    from streams.kafka.fetcher import RecordFetcher

    def deafen():
        while not pathlib.Path({path!r}).exists():
            time.sleep(0.1)
        for fetcher in [each for each in gc.get_objects() if isinstance(each, RecordFetcher)]:
            fetcher._client.unassign()

    threading.Thread(target=deafen, daemon=True).start()
"""


@pytest.fixture
def deaf(embedded: str, tmp_path: Path) -> Iterator[tuple[Viewing, Path]]:
    """A viewer, and the file that ends its hearing."""
    order = tmp_path / "now"
    (tmp_path / "deaf_module.py").write_text(textwrap.dedent(DEAF.format(path=str(order))))
    env = {"IMAGEBUS_FUNCTIONS": "deaf_module", "PYTHONPATH": str(tmp_path), "IMAGEBUS_STALL_S": "3"}
    with start_viewer(embedded, env=env) as viewing:
        viewing.wait_until_ready()
        yield viewing, order


def test_a_viewer_that_hears_nothing_while_frames_come_ends_for_its_supervisor(deaf: tuple[Viewing, Path]) -> None:
    viewing, order = deaf
    order.touch()
    camera, seqs = Camera(viewing.broker, "door"), count()
    wait_until(lambda: camera.send(next(seqs)) and viewing.process.exit_code is not None, 30, "its end")
    assert viewing.process.wait() == 70
    assert "Viewer: has read none of the records that wait for it for 3 s; this process ends" in viewing.process.text


def test_a_viewer_begins_at_the_end_and_once_it_is_ready_misses_nothing(embedded: str) -> None:
    before, door = Camera(embedded, "before"), Camera(embedded, "door")
    before.send(1)
    with start_viewer(embedded) as viewing:
        wait_until(lambda: viewing.state().get("bus") == "ready", 60, "a viewer that reads its topics")
        door.send(1, [SOURCE])
        wait_until(lambda: viewing.state()["frames"], 10, "the frame")
        assert viewing.state()["frames"] == 1


async def test_the_viewer_counts_what_it_reads_and_what_its_browsers_get(viewing: Viewing) -> None:
    # A source's records are read in order: with the first of this one all is read that the fixture has sent.
    door = Camera(viewing.broker, WARM_UP)
    await asyncio.to_thread(door.send, 1, [SOURCE])
    async with connect(viewing) as client:
        await client.send(do="watch", view="a", right=SOURCE, source=door.name)
        while (first := await client.picture()).sides["right"]["id"] != f"{door.run}-1":
            await client.send(do="ack", view="a", n=first.n)
        before = metrics_of(viewing.url)
        assert before["imagebus_viewer_clients",] == 1
        for seq in range(2, 12):
            await asyncio.to_thread(door.send, seq, [SOURCE])
        read = ("imagebus_viewer_records_total", "good", SOURCE)
        await wait_until_async(lambda: metrics_of(viewing.url)[read] == before[read] + 10, 10, "ten frames read")
        await client.send(do="ack", view="a", n=first.n)
        assert (await client.picture()).seq() == 11

        after = metrics_of(viewing.url)
        for outcome, more in (("sent", 1), ("skipped", 9)):
            name = ("imagebus_viewer_pictures_total", outcome)
            assert after[name] == before[name] + more
    assert after["imagebus_viewer_ready",] == 1
    assert door.name not in get(f"{viewing.url}/metrics")[1]


PROXIED = ("X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "Forwarded", "X-Real-IP", "Via")


def test_who_comes_through_a_proxy_gets_no_metrics_without_a_session(embedded: str) -> None:
    with start_viewer(embedded, env={"IMAGEBUS_OPERATOR_PASSWORD": "operator's own"}) as viewing:
        wait_until(lambda: viewing.state(), 20, "a viewer that answers")
        assert get(f"{viewing.url}/metrics")[0] == 200
        assert {get(f"{viewing.url}/metrics", {header: "192.0.2.1"})[0] for header in PROXIED} == {401}
        assert get(f"{viewing.url}/health")[0] == 200


def test_a_viewer_without_its_broker_lives_and_is_not_ready() -> None:
    with start_viewer(f"127.0.0.1:{free_port()}") as viewing:
        wait_until(lambda: viewing.state(), 20, "a viewer that answers")
        assert (get(f"{viewing.url}/health")[0], get(f"{viewing.url}/ready")[0]) == (200, 503)


def test_the_camera_page_says_whether_it_is_ready_and_counts_cameras(embedded: str) -> None:
    with start_ingest(embedded) as ingest:
        assert (ingest.ask("/health")[0], ingest.ask("/ready")[0]) == (200, 200)
        told = metrics_of(ingest.url)
        assert told["imagebus_cameras",] == 0
        assert told["imagebus_camera_frames_total", "lost"] == 0
        assert {get(f"{ingest.url}/metrics", {header: "192.0.2.1"})[0] for header in PROXIED} == {403}


def metrics_of(url: str) -> dict[tuple[str, ...], float]:
    return parsed(get(f"{url}/metrics")[1])
