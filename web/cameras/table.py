"""One row for each camera: what its producer says, what its frames show, and what the redaction made of them."""

from __future__ import annotations

import time
from collections.abc import Collection
from typing import TypeGuard

from msgspec import Struct
from msgspec.structs import replace

from streams.chain.types import Chain
from streams.wire.cameras import CameraState
from web.cameras.advice import advice
from web.check.checks import Checks
from web.live.cameras import LIVE, Cameras
from web.live.newest import NewestFrames
from web.redaction.hour import LastHour, Summary
from web.redaction.routes import LastCheck, last_check
from web.zones.board import ZonesBoard

IN_DOUBT = "in doubt"
# It had redacted frames in the last hour, and is not there any more.
GONE = "gone"


class Row(Struct, frozen=True):
    """A camera; what is None is not known. `age_s` is that of its newest frame that may be seen."""

    name: str
    word: str
    hour: Summary
    check: LastCheck | None
    age_s: float | None
    covered: float | None
    what: str
    command: str
    size_wh: tuple[int, int] | None = None
    codec: str | None = None
    asked_fps: float | None = None
    comes_fps: float | None = None
    sent_fps: float | None = None
    error: str | None = None
    zones: int | None = None


class CamerasTable:
    """The cameras that there are now; `stage` is the name of the redactor's."""

    def __init__(
        self,
        chain: Chain,
        newest: NewestFrames,
        cameras: Cameras,
        hour: LastHour,
        checks: Checks,
        board: ZonesBoard,
        stage: str | None,
    ) -> None:
        self._chain, self._newest, self._cameras = chain, newest, cameras
        self._hour, self._checks, self._board, self._stage = hour, checks, board, stage

    def rows(self, topics: Collection[str], for_operators: bool) -> list[Row]:
        """A row for each camera that whoever sees these topics may know of, those first that want somebody."""
        now = time.monotonic()
        seen = self._newest.sources.in_order(now)
        words = self._cameras.words({name: self._newest.sources.seen(name, now) for name in seen}, now)
        shown = {name for name in seen if any(name in self._newest.frames[topic] for topic in topics)}
        may_know = (shown | self._cameras.send_to(topics)) & words.keys() | set(self._hour.sources)
        rows = [self._row(name, words.get(name, GONE), topics, for_operators, now) for name in may_know]
        return sorted(rows, key=lambda row: (row.word == LIVE, row.word == GONE, row.name))

    def _row(self, name: str, word: str, topics: Collection[str], for_operators: bool, now: float) -> Row:
        frame = self._newest.frames.get(self._hour.topic or "", {}).get(name)
        done = frame.record.redaction if frame else None
        doubt = (done and done.doubt) or ""
        is_stuck = word == LIVE and self._hour.is_stuck(name)
        word = IN_DOUBT if word == LIVE and (doubt or is_stuck) else word
        todo = advice(word, doubt, is_stuck, self._stage)
        told = self._cameras.told(name)
        row = Row(
            name=name,
            word=word,
            hour=self._hour.summary(name),
            check=last_check(self._checks, name),
            age_s=min(filter(_is_known, self._newest.ages(name, topics, now)), default=None),
            covered=done.covered if done else None,
            what=todo.words,
            command=todo.command if for_operators else "",
            size_wh=told.size_wh if told else frame.record.size_wh if frame else None,
            codec=told.codec if told else None,
            asked_fps=self._asked(name, told),
            comes_fps=told.fps_in if told else None,
            sent_fps=told.fps_out if told else None,
        )
        return self._for_operators(row, told) if for_operators else row

    def _for_operators(self, row: Row, told: CameraState | None) -> Row:
        """The row with what others are not told: why a camera is not reached, and what was drawn on it."""
        drawn = self._board.of(row.name)
        known = not self._board.trouble and drawn.state != "unknown"
        return replace(row, error=told.last_error if told else None, zones=len(drawn.zones) if known else None)

    def _asked(self, name: str, told: CameraState | None) -> float | None:
        """Frames a second that the chain file asks for, None where it does not say."""
        asked = self._chain.cameras.get(name)
        if asked is None:
            return None
        return told.fps_in / asked.every if asked.every and told else asked.fps


def _is_known(age: float | None) -> TypeGuard[float]:
    return age is not None
