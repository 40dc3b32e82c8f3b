"""Cameras on one street with the whole chain behind them, what they counted, what is recorded and what is told."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

from streams import settings
from streams.chain import types as chains
from tests.processes import IMAGEBUS, Process
from tests.web.counting import HOUR_US, count, counted

# Each camera sends every so-manieth frame of the video.
_EVERY = {"street": 5, "yard": 25, "gate": 25, "back door": 50}
SOURCES = tuple(_EVERY)


_MORE = """
[outputs.disk]
kind = "recording"
dir = "{dir}"
[alerts.crowd]
when = {{ label = "person", at_least = 6, for_s = 2 }}
[alerts.back-door]
when = {{ label = "person", source = "back door" }}
"""


@contextmanager
def with_outputs() -> Iterator[dict[str, str]]:
    """The environment of who runs the chain of the settings, redacted frames recorded and people told of."""
    with tempfile.TemporaryDirectory(prefix="imagebus-shots-") as name:
        folder = Path(name)
        chain = folder / "chain.toml"
        text = Path(settings.load().chain or chains.DEFAULT).read_text("utf-8")
        chain.write_text(text + _MORE.format(dir=folder / "recordings"), "utf-8")
        yield {"IMAGEBUS_CHAIN": str(chain), "IMAGEBUS_DATA_DIR": str(folder / "data")}


@contextmanager
def street_cameras(url: str, video: str, chain: Mapping[str, str]) -> Iterator[None]:
    """The chain, its outputs, cameras that play the video, and what they counted since yesterday."""
    now_us = time.time_ns() // 1000 // HOUR_US * HOUR_US
    for at in range(24):
        seen = [3 + (5 * at + 7 * place) % 23 for place in range(len(SOURCES))]
        starts_at = now_us - (23 - at) * HOUR_US
        each = [counted("hour", name, many, starts_at=starts_at) for name, many in zip(SOURCES, seen, strict=True)]
        count(url, *each, counted("hour", None, sum(seen), max(seen) + min(seen) // 2, starts_at=starts_at))
    env = {"KAFKA_URL": url, **chain}
    produce = [*IMAGEBUS, "produce", video, "--realtime", "--loop"]
    with ExitStack() as running:
        running.enter_context(Process(["faust", "-A", "streams", "worker", "-l", "warn"], env=env))
        for command in ("record", "notify"):
            running.enter_context(Process([*IMAGEBUS, command], env=env))
        for name, every in _EVERY.items():
            running.enter_context(Process([*produce, "-n", name, "-f", str(every)], env=env))
        yield
