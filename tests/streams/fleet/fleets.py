"""Start `imagebus cameras` on a chain file, and read the states that it tells."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import msgpack
import numpy as np
from confluent_kafka import KafkaException

from streams.cameras.states import CameraStates
from streams.kafka.compacted import NoTopic
from streams.settings import Settings
from streams.wire.cameras import CameraState
from tests.bus import consume, length
from tests.processes import IMAGEBUS, Process
from tests.streams.producing import TOPIC
from tests.wait import wait_until

STAGES = """
[stages.annotate]
function = "annotate"
input = "SOURCE_FRAME"
output = "SHOWN"
"""


def camera(name: str, url: object, **options: object) -> str:
    """The lines of one camera."""
    said = "".join(f"{option} = {_toml(value)}\n" for option, value in options.items())
    return f'[cameras.{name}]\nurl = "{url}"\n{said}'


def fleet(url: str, folder: Path, *cameras: str, env: dict[str, str] | None = None) -> Process:
    """`imagebus cameras` on a chain file of these cameras."""
    chain = write(folder, *cameras)
    return Process([*IMAGEBUS, "cameras"], env={"KAFKA_URL": url, "IMAGEBUS_CHAIN": str(chain), **(env or {})})


def write(folder: Path, *cameras: str) -> Path:
    """The chain file with these cameras, as an editor writes it."""
    chain, new = folder / "chain.toml", folder / "chain.toml.new"
    new.write_text(STAGES + "".join(cameras))
    return new.replace(chain)


class States:
    """What CAMERAS says, as it comes."""

    def __init__(self, url: str) -> None:
        self._settings, self._reader = Settings(kafka_url=url), None

    def newest(self) -> dict[str, CameraState]:
        """The state of each source; empty while there is no topic."""
        if self._reader is None:
            try:
                self._reader: Any = CameraStates(self._settings)
            except (NoTopic, KafkaException):  # just made, it may not be known to all of the client yet
                return {}
        self._reader.poll(0.1)
        newest: dict[str, CameraState] = self._reader.newest
        return newest

    def wait(self, what: str, condition: Callable[[dict[str, CameraState]], Any], timeout_s: float = 60) -> Any:
        """The states once this is true of them."""

        def states() -> dict[str, CameraState] | None:
            newest = self.newest()
            return newest if condition(newest) else None

        try:
            return wait_until(states, timeout_s, what)
        except AssertionError:
            raise AssertionError(f"Expected {what} within {timeout_s:g} s, got {self.newest()}") from None


def pictures() -> list[bytes]:
    """JPEGs that show something, and no two of them the same."""
    noise = np.random.default_rng(0)
    images = [cv2.resize(noise.integers(0, 255, (18, 32, 3), np.uint8), (640, 360)) for _ in range(20)]
    return [cv2.imencode(".jpg", image)[1].tobytes() for image in images]


def times(url: str, source: str) -> list[int]:
    """When each frame of a source came to the bus, in milliseconds by Kafka's clock."""
    messages = consume(url, TOPIC, length(url, TOPIC))
    return [message.timestamp()[1] for message in messages if message.key() == source.encode()]


def sources(messages: list[Any]) -> set[str]:
    """The sources of these frames."""
    return {msgpack.unpackb(message.value())["source"] for message in messages}


def _toml(value: object) -> str:
    return str(value).lower() if isinstance(value, bool | int | float) else f'"{value}"'
