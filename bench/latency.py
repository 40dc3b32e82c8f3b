"""How long frames take through the whole chain at a steady pace: each hop, and from end to end."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from confluent_kafka import Consumer, Message

from bench.material import record
from streams.wire import records
from tests.bus import producer
from tests.wait import wait_until

_SKIPPED_S = 3.0  # the first frames warm the chain up


@dataclass(frozen=True)
class Spread:
    """Median and 99th percentile, in milliseconds."""

    p50: float
    p99: float

    @classmethod
    def of(cls, values_us: Sequence[float]) -> Spread:
        """Of times in microseconds."""
        p50, p99 = np.percentile(np.asarray(values_us) / 1000, [50, 99])
        return cls(round(float(p50), 1), round(float(p99), 1))


class Arrivals(threading.Thread):
    """Reads a topic from now on, and notes when each record came."""

    def __init__(self, url: str, topic: str) -> None:
        super().__init__(daemon=True)
        self.came: list[tuple[int, bytes]] = []
        self._enough = threading.Event()
        self._assigned = threading.Event()
        self._client = Consumer(
            {
                "bootstrap.servers": url,
                "group.id": f"bench-{time.time_ns()}",
                "auto.offset.reset": "latest",
                "fetch.wait.max.ms": 20,
                "log_level": 0,
            }
        )
        self._client.subscribe([topic], on_assign=lambda *_: self._assigned.set())
        self.start()
        assert self._assigned.wait(30), f"Expected partitions of {topic}"

    def run(self) -> None:
        while not self._enough.is_set():
            self._note(self._client.poll(0.1))
        self._client.close()

    @property
    def last(self) -> int:
        """The number of the frame that came last."""
        return records.decode(self.came[-1][1]).seq if self.came else -1

    def stop(self) -> None:
        """Read no more."""
        self._enough.set()
        self.join()

    def _note(self, message: Message | None) -> None:
        if message is not None and not message.error():
            self.came.append((time.time_ns() // 1000, message.value()))


def feed(url: str, topic: str, pictures: Sequence[bytes], rate: float, source: str) -> int:
    """Write the pictures at so many a second, as a camera would; how many."""
    client = producer(url)
    begin = time.monotonic()
    for seq, picture in enumerate(pictures):
        time.sleep(max(0.0, begin + seq / rate - time.monotonic()))
        client.produce(topic, record(picture, seq, source, live=True), source)
        client.poll(0)
    client.flush(10)
    return len(pictures)


def measure(url: str, pictures: Sequence[bytes], rate: float) -> dict[str, Spread]:
    """Spreads by name: `bus -> STAGE` and `STAGE` for each hop, `end to end`, and that `over functions`."""
    arrivals = Arrivals(url, "REDACTION_FRAME")
    written = feed(url, "SOURCE_FRAME", pictures, rate, f"at{rate:g}")
    wait_until(lambda: arrivals.last == written - 1, 30, "the last frame on REDACTION_FRAME")
    arrivals.stop()
    return _spreads(arrivals.came[int(_SKIPPED_S * rate) :])


def _spreads(came: Sequence[tuple[int, bytes]]) -> dict[str, Spread]:
    times: dict[str, list[float]] = {}
    for at, value in came:
        record = records.decode(value)
        before = record.captured_at
        for hop in record.hops:
            times.setdefault(f"bus -> {hop.stage}", []).append(hop.started_at - before)
            times.setdefault(hop.stage, []).append(hop.took_us)
            before = hop.started_at + hop.took_us
        times.setdefault("bus -> reader", []).append(at - before)
        times.setdefault("end to end", []).append(at - record.captured_at)
        own = sum(hop.took_us for hop in record.hops)
        times.setdefault("over functions", []).append(at - record.captured_at - own)
    return {name: Spread.of(values) for name, values in times.items()}
