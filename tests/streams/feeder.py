"""Sources that write frames at a steady pace beside a test."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Self

from tests.bus import producer
from tests.streams import frames


class Feeder:
    """Writes frame 0, 1, 2 … of every source, all of them `rate` times a second, until told to stop."""

    def __init__(self, url: str, sources: Sequence[str], rate: float, topic: str = "SOURCE_FRAME") -> None:
        self.written = 0  # frames of each source
        self._sources, self._period_s, self._topic = sources, 1 / rate, topic
        self._client = producer(url)
        self._enough = threading.Event()
        self._thread = threading.Thread(target=self._write, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> int:
        """Stop writing; how many frames each source has on the broker."""
        self._enough.set()
        self._thread.join(timeout=30)
        assert self._client.flush(30) == 0, "Expected the broker to take every frame"
        return self.written

    def _write(self) -> None:
        while not self._enough.wait(self._period_s):
            for source in self._sources:
                self._client.produce(self._topic, frames.record(self.written, source), source)
            self._client.poll(0)
            self.written += 1
