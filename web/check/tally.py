"""What a check of one camera has shown so far: numbers, and the settings that they are about."""

from __future__ import annotations

import math
from collections import OrderedDict

from msgspec import Struct, field
from msgspec.structs import replace

from functions.redaction.confidence_bound import CONFIDENCE, upper_bound
from streams.chain.redacted_words import VERSION
from streams.wire.records import OptionValue, Record

_HOUR_US = 3_600_000_000
# Tracks last minutes: whom this many came after does not come back under the same number.
_REMEMBERED = 4096
# No line ends between a number and its unit.
_SPACE = "\N{NO-BREAK SPACE}"


class Tally(Struct, frozen=True):
    """Frames that were marked, the people in them, and how many of these were exposed in any of them."""

    frames: int = 0
    people: int = 0
    exposed: int = 0

    @property
    def bound(self) -> float:
        """The share of exposed people below which that of all is, with 95 % confidence."""
        return upper_bound(self.exposed, self.people)

    @property
    def sentence(self) -> str:
        """What is known, as one reads it."""
        if not self.frames:
            return "No random frame is marked yet."
        if self.bound == 1:
            return f"{self.counts}: that bounds nothing yet."
        return (
            f"{self.counts}: with {CONFIDENCE * 100:.0f}{_SPACE}% confidence fewer than {percent_up(self.bound)} are."
        )

    @property
    def counts(self) -> str:
        """What was marked, as one reads it, without what follows from it."""
        seen = f"Of {_counted(self.people, 'person', 'people')} in {_counted(self.frames, 'frame', 'frames')}"
        return f"{seen} {self.exposed or 'none'} {'were' if self.exposed > 1 else 'was'} exposed"


class Step(Struct, frozen=True):
    """One stage that the frames have passed."""

    stage: str
    function: str
    version: str
    options: dict[str, OptionValue]


class Settings(Struct, frozen=True):
    """What a check is about: another redaction wants another check."""

    labels: list[str]
    style: str
    steps: list[Step]
    version: str = VERSION


class Check(Struct, frozen=True):
    """All marks of one camera under one redaction; times in seconds since the epoch.

    `left` is the number of frames that were shown and not marked; `hours` that of random frames in each hour of the
    day, in UTC; `ended` says that a new check was begun.
    """

    source: str
    settings: Settings
    began_at: float
    updated_at: float
    random: Tally = Tally()
    doubt: Tally = Tally()
    left: int = 0
    hours: list[int] = field(default_factory=lambda: [0] * 24)
    ended: bool = False


class Mark(Struct, frozen=True):
    """What an operator says of one frame: who of those known by a key is there and exposed, and how many others are."""

    there: frozenset[str]
    exposed: frozenset[str]
    others: int


class Counted:
    """Whom a tally counts already, and who of them was exposed; a bounded number, in memory."""

    def __init__(self) -> None:
        self._exposed: OrderedDict[str, bool] = OrderedDict()

    def after(self, tally: Tally, mark: Mark) -> Tally:
        """The tally after one more frame."""
        people, hit = tally.people + mark.others, tally.exposed + mark.others
        for key in mark.there | mark.exposed:
            known = self._exposed.pop(key, None)
            people += known is None
            hit += key in mark.exposed and not known
            self._exposed[key] = bool(known) or key in mark.exposed
        while len(self._exposed) > _REMEMBERED:
            self._exposed.popitem(last=False)
        return Tally(tally.frames + 1, people, hit)


def settings_of(record: Record) -> Settings:
    """The settings under which a record was redacted, as it says itself."""
    done = record.redaction
    steps = [Step(hop.stage, hop.function, hop.version, hop.options) for hop in record.hops]
    return Settings(done.labels if done else [], done.style if done else "", steps)


def with_hour(check: Check, captured_at: int) -> Check:
    """The check with one more random frame of that time, in µs since the epoch."""
    hour = captured_at // _HOUR_US % 24
    return replace(check, hours=[count + (at == hour) for at, count in enumerate(check.hours)])


def percent_up(share: float) -> str:
    """A share as a percentage, rounded up, so that what is below the share is below it as printed, too."""
    return f"{math.ceil(share * 1000 - 1e-9) / 10:.1f}{_SPACE}%"


def _counted(number: int, one: str, more: str) -> str:
    return f"{number} {one if number == 1 else more}"
