"""Many cameras in one process: recorded frames, each source at a pace of its own, none in step with another."""

from __future__ import annotations

import heapq
import random
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import count

from bench.material import record
from tests.bus import Writer

_JITTER = 0.3  # of a period, either way


class Sources(Writer):
    """Writes live frames of every source, so many a second of each, until the block ends; `written` counts them."""

    def __init__(self, url: str, topic: str, pictures: Sequence[bytes], rates: Mapping[str, float]) -> None:
        super().__init__(url)
        self.written: Counter[str] = Counter()
        self._topic, self._pictures, self._rates = topic, pictures, rates

    def _write(self) -> None:
        begin = time.monotonic()
        for due, source, seq in heapq.merge(*(_moments(each, rate) for each, rate in self._rates.items())):
            if self._enough.wait(max(0.0, begin + due - time.monotonic())):
                return
            value = record(self._pictures[seq % len(self._pictures)], seq, source, live=True)
            self._client.produce(self._topic, value, source)
            self._client.poll(0)
            self.written[source] += 1


def _moments(source: str, rate: float) -> Iterator[tuple[float, str, int]]:
    """When each frame is due, in seconds: a period apart, more or less, and the same in every run."""
    dice = random.Random(source)
    due = dice.random() / rate
    for seq in count():
        yield due, source, seq
        due += dice.uniform(1 - _JITTER, 1 + _JITTER) / rate
