"""Stamps of a result: those of its source, and rising ones where those do not rise."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import pytest

from streams.file_redaction.stamps import Stamps


@pytest.mark.parametrize(
    ("time_base", "given", "unit", "stamps", "mended"),
    [
        (Fraction(1, 90_000), [0, 3600, 7200], Fraction(1, 90_000), [0, 3600, 7200], 0),
        (Fraction(1, 1000), [1400, 1433, 1500, 9000], Fraction(1, 1000), [1400, 1433, 1500, 9000], 0),
        (Fraction(1001, 30_000), [0, 1, 2, 4], Fraction(1, 30_000), [0, 1001, 2002, 4004], 0),
        (Fraction(1, 1000), [-80, -40, 0], Fraction(1, 1000), [-80, -40, 0], 0),
        (Fraction(1, 1000), [None, None, None], Fraction(1, 1000), [0, 40, 80], 2),
        (Fraction(1, 1000), [0, 40, 40, 80], Fraction(1, 1000), [0, 40, 41, 80], 1),
        (Fraction(1, 1000), [0, 40, 30, 80], Fraction(1, 1000), [0, 40, 41, 80], 1),
        # Another clock from the third on: all that follow are moved by as much.
        (Fraction(1, 1000), [5000, 5040, 0, 40, 90], Fraction(1, 1000), [5000, 5040, 5080, 5120, 5170], 1),
    ],
)
def test_stamps_stay_where_an_encoder_can_take_them(
    time_base: Fraction, given: Sequence[int | None], unit: Fraction, stamps: Sequence[int], mended: int
) -> None:
    made = Stamps(time_base, Fraction(25))
    assert [made.of(each) for each in given] == stamps
    assert (made.unit, made.mended) == (unit, mended)
