"""Sources that write frames at a steady pace beside a test."""

from __future__ import annotations

from collections.abc import Sequence

from tests.bus import Writer
from tests.streams import frames

SMALL_WH = (256, 192)  # so that stages keep up on any machine


class Feeder(Writer):
    """Writes the small frames 0, 1, 2 … of every source, all of them `rate` times a second, until told to stop."""

    def __init__(self, url: str, sources: Sequence[str], rate: float, topic: str = "SOURCE_FRAME") -> None:
        super().__init__(url, enable_idempotence=True)  # else a broker that stalls may have them out of order
        self.written = 0  # frames of each source
        self._sources, self._period_s, self._topic = sources, 1 / rate, topic

    def _write(self) -> None:
        while not self._enough.wait(self._period_s):
            for source in self._sources:
                self._client.produce(self._topic, frames.record(self.written, source, size_wh=SMALL_WH), source)
            self._client.poll(0)
            self.written += 1
