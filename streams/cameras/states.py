"""Reads the topic `CAMERAS`: the newest state of each source, and who writes one now."""

from __future__ import annotations

import time
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from streams.kafka.compacted import CompactedTopic, Keyed
from streams.settings import Settings
from streams.wire.cameras import CAMERAS, OVER, CameraState
from streams.wire.reading import keyed
from streams.wire.records import RecordError

# A producer writes its state so often, and one that is not heard for so long is dead.
STATE_EVERY_S, DEAD_AFTER_S = 2.0, 10.0
_MOST_RUNS, _MOST_SOURCES = 32, 4096
# Part of the error of a name in use, by which it is known where it comes as text.
NAME_IN_USE = "expected a name of its own"


@dataclass(frozen=True)
class Told:
    """The newest state of one run of a source's producer, and when it was told, by time.monotonic().

    `is_new`: it was told after the reader was at the topic's end.
    """

    state: CameraState
    at: float
    is_new: bool

    @property
    def is_recent(self) -> bool:
        """Whether its producer may live: one that is not heard for longer is dead."""
        return time.monotonic() - self.at < DEAD_AFTER_S


class CameraStates:
    """The states of all sources; a reader without a group. Raises NoTopic, and KafkaException without a broker.

    `gave_way` is when a producer of a source was last refused since its name was another's, by time.monotonic().
    """

    def __init__(self, settings: Settings) -> None:
        self.runs: dict[str, dict[str, Told]] = {}
        self.gave_way: dict[str, float] = {}
        self._topic = CompactedTopic(settings, CAMERAS)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._topic.close()

    def catch_up(self) -> None:
        """Read all that was there at the beginning. Raises KafkaException where it does not come."""
        for record in self._topic.to_its_end():
            self._take(record)

    def poll(self, timeout_s: float = 0.0) -> None:
        """Take in what has come, and wait for it up to that time."""
        for record in self._topic.poll(timeout_s):
            self._take(record)

    @property
    def newest(self) -> dict[str, CameraState]:
        """The state that holds for each source."""
        return {source: told.state for source, told in self.told.items()}

    @property
    def told(self) -> dict[str, Told]:
        """The same, each with when it was told."""
        return {source: list(runs.values())[-1] for source, runs in self.runs.items() if runs}

    def rivals(self, mine: CameraState, own: frozenset[str], heard: bool) -> list[CameraState]:
        """Earlier runs that send to the same topic under the same name: those heard of late, or that may yet be."""
        return [
            run.state
            for run in self.runs.get(mine.source, {}).values()
            if run.state.run not in {mine.run, *own}
            and run.state.topic == mine.topic
            and run.state.state not in OVER
            and (run.state.started_at, run.state.run) < (mine.started_at, mine.run)
            and run.is_recent
            and (run.is_new or not heard)
        ]

    def _take(self, record: Keyed) -> None:
        source = (record.key or b"").decode(errors="replace")
        if not record.value:
            self.runs.pop(source, None)
            return
        try:
            state = keyed(record, CameraState)
        except RecordError:
            return  # whoever wrote it, nobody's state
        # What comes now is told now, whatever Kafka's clock says; of what was there before nothing else is known.
        at = time.monotonic() - (0.0 if record.is_new else max(0.0, record.age_s))
        runs = self.runs.setdefault(source, {})
        runs.pop(state.run, None)
        while len(self.runs) > _MOST_SOURCES:  # whoever may write can make up names
            self.runs.pop(next(iter(self.runs)))
        if state.state == "refused" and NAME_IN_USE in (state.last_error or ""):
            self.gave_way[source] = at
            while len(self.gave_way) > _MOST_SOURCES:
                self.gave_way.pop(next(iter(self.gave_way)))
            return
        runs[state.run] = Told(state, at, record.is_new)
        while len(runs) > _MOST_RUNS:
            runs.pop(next(iter(runs)))
