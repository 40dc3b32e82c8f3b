"""How the cameras are: by their states on the topic `CAMERAS`, and those without one by their frames."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Collection, Iterable, Mapping

from confluent_kafka import KafkaException
from mode import Service

from streams.cameras.states import DEAD_AFTER_S, CameraStates, Told
from streams.kafka.compacted import NoTopic
from streams.settings import Settings
from streams.wire.cameras import OVER, CameraState
from web.live.sources import Seen

_RETRY_S, _POLL_S = 3.0, 0.5
# Of a producer that died without a word: a camera that is lost, until then.
_LOST_FOR_S = 3600.0
_GAVE_WAY_FOR_S = 60.0
# Frames of one that has ended go through its stages for so long; who sends later tells no state.
_ON_ITS_WAY_S = 5.0
# Words as a line says them: what is well first.
WORDS = ("live", "starting", "dark", "frozen", "silent", "lost", "refused")
LIVE, SILENT, LOST = "live", "silent", "lost"


class Cameras:
    """What is known of cameras that send to these topics."""

    def __init__(self, topics: Iterable[str]) -> None:
        self._topics = frozenset(topics)
        self._told: dict[str, Told] = {}
        self._gave_way: dict[str, float] = {}

    def __contains__(self, name: str) -> bool:
        return name in self._told

    def told(self, name: str) -> CameraState | None:
        """What the producer of a camera says of it, None where none does."""
        return self._told[name].state if name in self._told else None

    def put(self, told: Mapping[str, Told], gave_way: Mapping[str, float]) -> None:
        """Take what stands on the bus now."""
        self._told = {name: each for name, each in told.items() if each.state.topic in self._topics}
        self._gave_way = dict(gave_way)

    def words(self, seen: Mapping[str, Seen], now: float) -> dict[str, str]:
        """A word for each camera that is there; `seen` are the sources of frames."""
        words = {name: LIVE if sight.goes_on else SILENT for name, sight in seen.items()}
        for name, told in self._told.items():
            if word := _word(told, now):
                words[name] = word
            elif name in seen and seen[name].last < told.at + _ON_ITS_WAY_S:
                del words[name]
        return words

    def doubles(self, now: float) -> list[str]:
        """The names under which a second producer was refused of late."""
        return sorted(name for name, at in self._gave_way.items() if now - at < _GAVE_WAY_FOR_S)

    def send_to(self, topics: Collection[str]) -> set[str]:
        """The cameras that send to these topics."""
        return {name for name, told in self._told.items() if told.state.topic in topics}


def counted(words: Mapping[str, str]) -> dict[str, int]:
    """How many cameras each word is true of, what is well first."""
    counts = Counter(words.values())
    return {word: counts[word] for word in WORDS if counts[word]}


def _word(told: Told, now: float) -> str:
    """Empty for a camera that is not there any more."""
    silent_s, state = now - told.at, told.state.state
    if state in OVER:
        return state if state == "refused" else ""
    if silent_s > DEAD_AFTER_S:
        return LOST if silent_s < _LOST_FOR_S else ""
    return LIVE if state == "running" else state


class CamerasReader(Service):
    """Reads the topic into `cameras`; one that is not there, or may not be read, is tried again and delays nothing."""

    mundane_level = "debug"

    def __init__(self, settings: Settings, cameras: Cameras) -> None:
        super().__init__()
        self._settings, self._cameras = settings, cameras

    @Service.task
    async def _read(self) -> None:
        while not self.should_stop:
            try:
                await self._follow(await asyncio.to_thread(CameraStates, self._settings))
            except (KafkaException, NoTopic):
                await self.sleep(_RETRY_S)

    async def _follow(self, states: CameraStates) -> None:
        with states:
            while not self.should_stop:
                await asyncio.to_thread(states.poll, _POLL_S)
                self._cameras.put(states.told, states.gave_way)
