"""The desk: the cameras that are being checked, the frames that wait to be marked, and those that are shown."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from random import Random

from web.check.checks import Checks
from web.check.people import Person
from web.check.sampler import HOLD_S, ByTime, Chosen, Draws, Sample, Sampler
from web.check.tally import Check, Mark, Settings, settings_of
from web.live.newest import NewestFrames
from web.live.pairing import Pair, Pairing

# Cameras checked at once; one that nobody has asked about for as long as a frame is held makes room, or the oldest.
_CAMERAS_AT_MOST = 4
# Frames that are shown and not yet marked.
_SHOWN_AT_MOST = 64
_LOOK_S = 1.0


class Gone(Exception):
    """A frame cannot be marked: it was marked before, or held for too long."""


@dataclass(frozen=True)
class _Shown:
    """What is left of a frame that was given to an operator: no picture."""

    source: str
    settings: Settings
    chosen: Chosen
    people: tuple[Person, ...]
    captured_at: int | None  # of a live frame
    until: float  # of time.monotonic()


class Desk:
    """Gives frames to operators and counts what they mark; `topics` are the raw and the redacted one.

    `draws` makes what says of the frames of a camera which are drawn at random.
    """

    def __init__(
        self, newest: NewestFrames, topics: tuple[str, str], checks: Checks, draws: Callable[[], Draws] | None = None
    ) -> None:
        self.topics, self.checks, self._newest = topics, checks, newest
        self._draws = draws or (lambda: ByTime(Random()))
        self.ended: set[str] = set()
        self._room = asyncio.Event()
        self._samplers: OrderedDict[str, Sampler] = OrderedDict()
        self._asked_at: dict[str, float] = {}
        self._shown: OrderedDict[str, _Shown] = OrderedDict()
        self._pairing: Pairing | None = None
        self._closed = False

    async def sample(self, source: str, wait_s: float) -> Sample | None:
        """The next frame of a camera to be marked, None where none comes in this time. Its picture is kept nowhere."""
        sampler = self._sampler(source)
        with suppress(TimeoutError):
            async with asyncio.timeout(wait_s):
                while (sample := sampler.next(time.monotonic())) is None and not self._ends(source):
                    sampler.changed.clear()
                    await sampler.changed.wait()
                self._room.set()
                return sample
        return None

    def show(self, sample: Sample) -> None:
        """Note that a sample is shown, hence has to be marked."""
        assert sample.pair.right is not None
        record = sample.pair.right.record
        self._shown[sample.id] = _Shown(
            source=record.source,
            settings=settings_of(record),
            chosen=sample.chosen,
            people=sample.people,
            captured_at=record.captured_at if record.live else None,
            until=sample.drawn_at + HOLD_S,
        )
        while len(self._shown) > _SHOWN_AT_MOST:
            self._leave(next(iter(self._shown)))

    def mark(self, sample_id: str, exposed: Sequence[int], others: int) -> Check:
        """Count a sample: the exposed of its people, by index, and how many others are. Raises Gone, IndexError."""
        self._drop_old(time.monotonic())
        shown = self._shown.get(sample_id)
        if shown is None:
            raise Gone(f"Expected a frame that was shown within {HOLD_S / 60:.0f} minutes and not marked yet")
        marked = [shown.people[at] for at in {*exposed}]
        del self._shown[sample_id]
        mark = Mark(
            there=frozenset(person.key for person in shown.people if person.key and person.counts),
            exposed=frozenset(person.key for person in marked if person.key),
            others=others + sum(not person.key for person in marked),
        )
        return self.checks.mark(shown.source, shown.settings, shown.chosen, mark, shown.captured_at)

    async def room(self, source: str) -> None:
        """Wait until somebody checks this source, and more of its frames may be drawn."""
        while (sampler := self._samplers.get(source)) is None or sampler.is_full:
            self._room.clear()
            await self._room.wait()

    def end(self, source: str) -> None:
        """Note that no more frames of a source come."""
        self.ended.add(source)
        if source in self._samplers:
            self._samplers[source].changed.set()

    def close(self) -> None:
        """Drop all frames, and let nobody wait for one any more."""
        self._closed = True
        for sampler in self._samplers.values():
            sampler.changed.set()
        self._samplers.clear()
        self._shown.clear()
        self._rest()

    def _ends(self, source: str) -> bool:
        return self._closed or source in self.ended

    def _sampler(self, source: str) -> Sampler:
        sampler = self._samplers.pop(source, None) or Sampler(self._draws())
        self._samplers[source] = sampler
        self._room.set()
        self._asked_at[source] = time.monotonic()
        while len(self._samplers) > _CAMERAS_AT_MOST:
            self._forget(next(iter(self._samplers)))
        if self._pairing is None:
            self._pairing = self._newest.watch(*self.topics)
            self._pairing.taps.add(self._take)
            asyncio.get_running_loop().call_later(_LOOK_S, self._look)
        return sampler

    def _take(self, pair: Pair) -> None:
        if pair.left and pair.right and (sampler := self._samplers.get(pair.right.source)):
            sampler.take(pair)

    def _look(self) -> None:
        """Drop what is old, once a second while a camera is checked."""
        self._drop_old(time.monotonic())
        if self._samplers or self._shown:
            asyncio.get_running_loop().call_later(_LOOK_S, self._look)
        else:
            self._rest()

    def _drop_old(self, now: float) -> None:
        for sampler in self._samplers.values():
            sampler.drop_old(now)
        self._room.set()
        for source in [source for source, at in self._asked_at.items() if now - at >= HOLD_S]:
            self._forget(source)
        for sample_id in [sample_id for sample_id, shown in self._shown.items() if now >= shown.until]:
            self._leave(sample_id)

    def _forget(self, source: str) -> None:
        self._samplers.pop(source, None)
        self._asked_at.pop(source, None)

    def _leave(self, sample_id: str) -> None:
        shown = self._shown.pop(sample_id)
        self.checks.leave(shown.source, shown.settings)

    def _rest(self) -> None:
        if self._pairing is not None:
            self._pairing.taps.discard(self._take)
            self._newest.unwatch(self._pairing)
            self._pairing = None
