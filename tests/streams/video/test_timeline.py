"""Time never goes back and never stands still for long, whatever the stamps do."""

from __future__ import annotations

from fractions import Fraction
from types import SimpleNamespace

import pytest

from streams.video.timeline import Timeline

DAY = 25 * 3600


def _seconds(stamps: list[float | None], rate: int = 10) -> tuple[list[float], list[str]]:
    said: list[str] = []
    stream = SimpleNamespace(guessed_rate=Fraction(rate), average_rate=Fraction(rate), base_rate=Fraction(rate))
    timeline = Timeline(stream, said.append)
    packets = [SimpleNamespace(pts=None if s is None else round(s * 1000), time_base=Fraction(1, 1000)) for s in stamps]
    return [round(timeline.at_s(packet), 3) for packet in packets], said


@pytest.mark.parametrize(
    ("what", "stamps", "expected"),
    [
        ("plain", [0, 0.1, 0.2], [0, 0.1, 0.2]),
        ("first not at zero", [5.5, 5.6], [0, 0.1]),
        ("negative", [-0.2, -0.1, 0, 0.1], [0, 0.1, 0.2, 0.3]),
        ("variable", [0, 0.04, 0.5, 3.0, 9.0], [0, 0.04, 0.5, 3.0, 9.0]),
        ("none at all", [None] * 3, [0, 0.1, 0.2]),
        ("some missing", [0, None, 0.2, 0.3], [0, 0.1, 0.2, 0.3]),
        ("ahead by a day", [0, 0.1, DAY, DAY + 0.1], [0, 0.1, 0.2, 0.3]),
        ("back", [0, 0.1, 0.2, 0, 0.1], [0, 0.1, 0.2, 0.3, 0.4]),
        ("back by little", [0, 0.1, 0.09, 0.2], [0, 0.1, 0.2, 0.31]),
        ("wrapping", [95443.6, 95443.7, 0.0, 0.1], [0, 0.1, 0.2, 0.3]),
        ("to and fro", [0, DAY, 0.1, DAY, 0.2], [0, 0.1, 0.2, 0.3, 0.4]),
        ("standing still", [1, 1, 1, 1], [0, 0, 0.1, 0.2]),
        ("two of one moment", [0, 0, 0.1, 0.1], [0, 0, 0.1, 0.1]),
        ("one an hour from the second on", [0, 1800, 3600, 5400], [0, 0.1, 1800.1, 3600.1]),
    ],
)
def test_stamps_become_one_line(what: str, stamps: list[float | None], expected: list[float]) -> None:
    assert _seconds(stamps)[0] == expected


def test_a_slow_camera_keeps_its_rate() -> None:
    stream = SimpleNamespace(guessed_rate=Fraction(1, 60), average_rate=None, base_rate=Fraction(1, 60))
    timeline = Timeline(stream, print)
    packets = [SimpleNamespace(pts=60 * n, time_base=Fraction(1)) for n in range(3)]
    assert [timeline.at_s(packet) for packet in packets] == [0, 60, 120]


def test_a_jump_is_said_once() -> None:
    _, said = _seconds([0, 0.1, DAY, 0.2, DAY])
    assert said == ["time stamps jump ahead by 89999.9 s at 0.1 s: taken as one frame's step, as further jumps are"]
