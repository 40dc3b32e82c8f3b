"""Memory of a redacting worker and a viewer of 30 live 720p cameras while thousands of foreign names come."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from itertools import count

import aiohttp
import numpy as np
import psutil
from confluent_kafka import Consumer, Producer, TopicPartition

from bench.load import one_stage_chain
from bench.material import BELIEVING, RUN, clip_from, detected, pictures, record
from functions import Frame
from streams.wire import records
from streams.wire.records import Record
from tests import kafka_node
from tests.bus import producer
from tests.kafka_node import KafkaNode
from tests.streams.chains import wait_ready, worker
from tests.wait import wait_until
from tests.web.socket_client import connect
from tests.web.viewing import Viewing, start_viewer

_CAMERAS, _EVERY_S, _WARM_S = 30, 4.0, 60.0
_AHEAD = 60  # foreign frames under way


_chain = partial(one_stage_chain, function="redact", run="FLOOD", options=BELIEVING, partitions=4, max_age_s=2.0)
Pids = tuple[int, int]
Seen = dict[str, list[float]]  # how much of each picture is covered, by its source


def main() -> None:
    """Print the worker's resident memory as names come, and how much of the cameras' pictures is covered."""
    names = int(os.environ.get("NAMES", "10000"))
    like = records.decode(detected(record(pictures(clip_from(sys.argv[1:]), (1280, 720), 1)[0], 0, "x")))
    kafka_node.require()
    with (
        KafkaNode() as node,
        _chain(node.url) as (env, source, output),
        worker(env) as own,
        start_viewer(node.url, env=env) as viewing,
    ):
        wait_ready(own, "measured")
        wait_until(lambda: viewing.state().get("bus") == "ready", 60, "a viewer that reads")
        client, seen, states = producer(node.url), defaultdict[str, list[float]](list), list[int]()
        pids = own.pid, viewing.process.pid
        with (
            _beside(_film, client, source, like),
            _beside(_read, node.url, output, seen),
            _beside(_browse, viewing, states),
        ):
            time.sleep(_WARM_S)
            before = {name: len(shares) for name, shares in seen.items()}
            resident = [_resident_mb(pids), *_flood(client, source, names, pids, seen)]
        print(json.dumps(_figures(resident, seen, before) | {"largest_state_bytes": max(states)}))


def _flood(client: Producer, topic: str, names: int, pids: Pids, seen: Seen) -> Iterator[tuple[int, int]]:
    """Resident memory of worker and viewer after each tenth of the names, once they have come out again."""
    grey = Frame.from_image(np.full((720, 1280, 3), 90, np.uint8), "x")
    like = records.decode(detected(record(grey.jpeg, 0, "x")))
    known = len(seen)
    for n in range(1, names + 1):
        _send(client, topic, like, f"foreign {n}", 0, live=False)
        _wait(seen, known + n - _AHEAD)
        if n % (names // 10) == 0:
            _wait(seen, known + n)
            yield (grown := _resident_mb(pids))
            print(f"{n} names: worker {grown[0]} MB, viewer {grown[1]} MB", flush=True)


def _wait(seen: Seen, sources: int) -> None:
    while len(seen) < sources:
        time.sleep(0.05)


def _figures(resident: list[tuple[int, int]], seen: Seen, before: dict[str, int]) -> dict[str, object]:
    live = {name: seen[name][at:] for name, at in before.items()}
    return {
        "worker_mb": [worker for worker, _ in resident],
        "viewer_mb": [viewer for _, viewer in resident],
        "cameras": len(live),
        "their_frames": sum(map(len, live.values())),
        "fewest_of_one": min(map(len, live.values())),
        "wholly_covered": sum(share == 1 for shares in live.values() for share in shares),
        "foreign_frames": sum(len(shares) for name, shares in seen.items() if name not in live),
    }


@contextmanager
def _beside(work: Callable[..., None], *arguments: object) -> Iterator[None]:
    enough = threading.Event()
    thread = threading.Thread(target=work, args=(*arguments, enough))
    thread.start()
    yield
    enough.set()
    thread.join()


def _send(client: Producer, topic: str, like: Record, source: str, seq: int, live: bool = True) -> None:
    """The same picture from another source."""
    now = time.time_ns() // 1000
    named = replace(records.to_frame(like), source=source, id=f"{RUN}-{seq}", seq=seq, captured_at=now, live=live)
    client.produce(topic, records.encode(records.from_frame(named)), source)
    client.poll(0)


def _film(client: Producer, topic: str, like: Record, enough: threading.Event) -> None:
    for seq in count():
        for n in range(_CAMERAS):
            _send(client, topic, like, f"camera {n}", seq)
            if enough.wait(_EVERY_S / _CAMERAS):
                return


def _read(url: str, topic: str, seen: Seen, enough: threading.Event) -> None:
    """How much of each source's pictures is covered, in order."""
    reader = Consumer({"bootstrap.servers": url, "group.id": "flood", "auto.offset.reset": "earliest", "log_level": 0})
    partitions = reader.list_topics(topic, timeout=10).topics[topic].partitions
    reader.assign([TopicPartition(topic, each, 0) for each in partitions])
    while not enough.is_set():
        for message in reader.consume(50, timeout=0.2):
            if not message.error():
                done = records.decode(message.value())
                assert done.redaction
                seen[done.source].append(done.redaction.covered)
    reader.close()


def _browse(viewing: Viewing, states: list[int], enough: threading.Event) -> None:
    """Sizes of the state messages that a browser gets."""

    async def browse() -> None:
        async with connect(viewing) as client:
            while not enough.is_set():
                message = await client.socket.receive(30)
                if message.type is aiohttp.WSMsgType.TEXT and json.loads(message.data)["say"] == "state":
                    states.append(len(message.data.encode()))

    asyncio.run(browse())


def _resident_mb(pids: Pids) -> tuple[int, int]:
    worker_mb, viewer_mb = (round(psutil.Process(pid).memory_info().rss / 1e6) for pid in pids)
    return worker_mb, viewer_mb


if __name__ == "__main__":
    main()
