"""What a comparison found: checks that pass or not, and figures. Nothing here holds a pixel."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

from streams.verify.comparison import Exposed

_SHOWN = 8


class Check(Struct, frozen=True, kw_only=True):
    """One thing that was looked for: what there is to say, and in detail; `passed` is None where it was not asked."""

    name: str
    passed: bool | None
    text: str
    details: Sequence[str] = ()


class Figures(Struct, frozen=True, kw_only=True):
    """Numbers of frames and boxes; shares 0 to 1 of boxes and of the picture; likeness outside the mask in dB."""

    frames_raw: int
    frames_redacted: int
    dropped: int
    repeated: int
    unlike: int
    looked_at: Mapping[str, int]
    exposed: Mapping[str, int]
    frames_exposed: int
    longest_exposed_s: float
    masked: float
    least_likeness_db: float


class Result(Struct, frozen=True, kw_only=True):
    """All about one pair of files. `exposed` are the worst of them, `truth` the figures of the privacy bench."""

    raw: str
    redacted: str
    detectors: str
    checks: Sequence[Check]
    figures: Figures | None = None
    exposed: Sequence[Exposed] = ()
    truth: Mapping[str, float] | None = None

    @property
    def passed(self) -> bool:
        """Whether no check failed."""
        return all(check.passed is not False for check in self.checks)


def listed(name: str, found: Sequence[str], what: str, allowed: bool = False) -> Check:
    """A check that passes where nothing was found."""
    text = f"{len(found)} {what}" if found else f"no {what}"
    return Check(name=name, passed=None if found and allowed else not found, text=text, details=found)


def numbers(found: Iterable[int]) -> str:
    """Frames in words, counted from 1, rows of them as one, and only the first few rows."""
    rows: list[list[int]] = []
    for number in sorted(set(found)):
        if rows and rows[-1][-1] == number - 1:
            rows[-1][1:] = [number]
        else:
            rows.append([number])
    words = [" to ".join(str(number + 1) for number in row) for row in rows]
    return ", ".join([*words[:_SHOWN], *([f"and {len(words) - _SHOWN} more"] if len(words) > _SHOWN else [])])
