"""So many frames a second are sent, whatever the source's rate, its jitter, and the jumps of its time."""

from __future__ import annotations

import random

import pytest

from streams.producer.sampling import Pace


@pytest.mark.parametrize("fps", [0.5, 1, 2, 5, 7])
@pytest.mark.parametrize("rate", [10, 12.5, 25, 29.97])
def test_frames_a_second_are_what_was_asked_for(fps: float, rate: float) -> None:
    jitter, pace = random.Random(1), Pace(fps=fps)
    times = (number / rate + jitter.uniform(0, 0.3 / rate) for number in range(round(120 * rate)))
    sent = sum(pace.is_due(seq, at_s) for seq, at_s in enumerate(times))
    assert sent == pytest.approx(120 * fps, rel=0.02, abs=1)


def test_a_source_slower_than_what_is_asked_gives_all_it_has() -> None:
    pace = Pace(fps=30)
    assert all(pace.is_due(seq, seq / 10) for seq in range(100))


@pytest.mark.parametrize("jump_s", [-1000.0, 90_000.0, 3.0])
def test_after_a_jump_of_its_time_it_goes_on_at_once(jump_s: float) -> None:
    pace = Pace(fps=2)
    before = [pace.is_due(seq, seq / 10) for seq in range(50)]
    after = [pace.is_due(seq, seq / 10 + jump_s) for seq in range(50, 100)]
    assert (sum(before), sum(after)) == pytest.approx((10, 10), abs=1)


def test_each_so_manyth_is_exact() -> None:
    assert [seq for seq in range(10) if Pace(every=3).is_due(seq, 0.0)] == [0, 3, 6, 9]
