"""Draws frames of one source for an operator to look at: at random, and those in which the redactor was unsure."""

from __future__ import annotations

import asyncio
import secrets
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from math import exp
from random import Random
from typing import Literal

from functions.core.frame import Frame
from streams.wire import records
from web.check.people import Follower, Person, Seen
from web.live.pairing import Pair

Chosen = Literal["random", "doubt"]

# None is held longer, nor more than this.
HOLD_S = 300.0
RANDOM_AT_MOST, DOUBTS_AT_MOST = 4, 2
# The mean time to the next one at random while none waits; with each that waits it is twice as long, so that somebody
# who marks quickly need not wait, and frames for somebody who does not lie far apart.
GAP_S = 0.5
# Of a file that does not say how many frames it has, one of so many.
_ONE_OF = 50
# Of so much time of the camera, the frame that is most in doubt.
_DOUBT_EVERY_US = 10_000_000
_UNSURE = 0.4
_RANDOM_IN_A_ROW = 2
_ALL = 0.999


@dataclass(frozen=True)
class Sample:
    """One frame, raw and redacted, with the people in it; `why` it was chosen, empty at random."""

    pair: Pair
    people: tuple[Person, ...]
    chosen: Chosen
    why: str
    drawn_at: float  # of time.monotonic()
    id: str = field(default_factory=lambda: secrets.token_urlsafe(12))


# Whether a frame is drawn at random: by its number, the time since the one before, and how many wait to be marked.
Draws = Callable[[int, float, int], bool]


class ByTime:
    """Draws of frames as they come: each moment has the same chance, whatever was drawn before."""

    def __init__(self, chance: Random) -> None:
        self._chance = chance

    def __call__(self, seq: int, passed_s: float, waiting: int) -> bool:
        return self._chance.random() < 1 - exp(-passed_s / (GAP_S * 2**waiting))


class Planned:
    """Draws of so many frames of a file, whose number may not be known; its first one tells that there is a file."""

    def __init__(self, chance: Random, frames: int, total: int | None) -> None:
        self._chance = chance
        rest = range(1, total or 0)
        self._chosen = None if total is None else frozenset(chance.sample(rest, min(frames, len(rest))))

    def __call__(self, seq: int, passed_s: float, waiting: int) -> bool:
        return self._chance.random() < 1 / _ONE_OF if self._chosen is None else seq in self._chosen


@dataclass(frozen=True)
class _Candidate:
    score: float
    sample: Sample


class Sampler:
    """The frames of one source that wait for an operator, few and for minutes; `changed` is set with each.

    Those at random are drawn without a look at them.
    """

    def __init__(self, draws: Draws) -> None:
        self._draws, self._follower = draws, Follower()
        self._random: deque[Sample] = deque()
        self._doubts: deque[Sample] = deque()
        self._best: _Candidate | None = None
        self._last, self._window_began = -1.0, 0
        self._in_a_row = 0
        self.changed = asyncio.Event()

    def take(self, pair: Pair) -> None:
        """Look at the next frame, which has both sides."""
        assert pair.right is not None
        frame, now = records.to_frame(pair.right.record), pair.right.arrived_at
        if (seen := self._follower.see(frame)) is None:
            return
        passed_s, self._last = (now - self._last if self._last >= 0 else 0.0), now
        if not self.is_full and self._draws(frame.seq, passed_s, len(self._random)):
            self._add(self._random, Sample(pair, seen.people, "random", "", now))
        else:
            self._weigh(pair, frame, seen, now)

    def next(self, now: float) -> Sample | None:
        """The next one to look at, None where none waits: one in doubt after each two at random."""
        self.drop_old(now)
        doubt_first = self._in_a_row >= _RANDOM_IN_A_ROW
        for queue in (self._doubts, self._random) if doubt_first else (self._random, self._doubts):
            if queue:
                self._in_a_row = 0 if queue is self._doubts else self._in_a_row + 1
                return queue.popleft()
        return None

    def drop_old(self, now: float) -> None:
        """Drop what was held for too long."""
        for queue in (self._random, self._doubts):
            while queue and now - queue[0].drawn_at >= HOLD_S:
                queue.popleft()
        if self._best and now - self._best.sample.drawn_at >= HOLD_S:
            self._best = None

    @property
    def is_full(self) -> bool:
        """Whether as many wait as may."""
        return len(self._random) >= RANDOM_AT_MOST

    def _weigh(self, pair: Pair, frame: Frame, seen: Seen, now: float) -> None:
        if abs(frame.captured_at - self._window_began) >= _DOUBT_EVERY_US:
            best, self._best, self._window_began = self._best, None, frame.captured_at
            if best and len(self._doubts) < DOUBTS_AT_MOST:
                self._add(self._doubts, best.sample)
        score, why = _doubt(frame, seen)
        if score > (self._best.score if self._best else 0.0):
            self._best = _Candidate(score, Sample(pair, seen.people, "doubt", why, now))

    def _add(self, queue: deque[Sample], sample: Sample) -> None:
        queue.append(sample)
        self.changed.set()


def _doubt(frame: Frame, seen: Seen) -> tuple[float, str]:
    """How unsure the redactor was, 0 to 1, and of what."""
    done = frame.redaction
    if done is None or done.covered >= _ALL:  # nobody can be exposed
        return 0.0, ""
    if done.doubt:
        return 1.0, done.doubt
    if seen.lost:
        return 0.8, "somebody found before is not found any more"
    if seen.least < _UNSURE:
        return 0.7 * (1 - seen.least / _UNSURE), f"somebody is found with a confidence of {seen.least:.2f}"
    return 0.0, ""
