"""The upper bound of a share is that of the published tables, and holds as often as it says."""

from __future__ import annotations

from fractions import Fraction
from functools import cache
from math import comb

import pytest

from functions.redaction.confidence_bound import CONFIDENCE, upper_bound

# Upper ends of two-sided 90 % limits, which are one-sided 95 % limits, as tables of binomial limits print them.
TABLE = {
    (0, 10): 0.2589,
    (1, 10): 0.3942,
    (2, 10): 0.5069,
    (5, 10): 0.7776,
    (0, 20): 0.1391,
    (1, 20): 0.2161,
    (2, 20): 0.2826,
    (0, 30): 0.0950,
    (1, 50): 0.0914,
    (0, 100): 0.0295,
    (1, 100): 0.0466,
    (0, 1324): 0.00226,
}


@pytest.mark.parametrize(("hit", "of"), TABLE)
def test_the_bound_is_that_of_the_tables(hit: int, of: int) -> None:
    assert upper_bound(hit, of) == pytest.approx(TABLE[hit, of], abs=0.00006)


@pytest.mark.parametrize("of", [1, 7, 59, 212, 3000])
def test_of_none_hit_it_is_what_a_formula_gives(of: int) -> None:
    assert upper_bound(0, of) == pytest.approx(1 - 0.05 ** (1 / of), abs=1e-9)


@pytest.mark.parametrize("of", [0, 1, 10])
def test_where_all_are_hit_or_nobody_was_seen_nothing_is_known(of: int) -> None:
    assert upper_bound(of, of) == 1.0


@pytest.mark.parametrize(("hit", "of"), [(1, 212), (3, 40), (39, 40), (20, 5000)])
def test_at_the_bound_so_few_hits_have_a_chance_of_a_twentieth(hit: int, of: int) -> None:
    assert chance_of_at_most(hit, of, Fraction(upper_bound(hit, of))) == pytest.approx(0.05, abs=1e-9)


@pytest.mark.parametrize("of", [10, 60, 212])
@pytest.mark.parametrize("true", [0.001, 0.01, 0.05, 0.3])
def test_it_holds_the_true_share_in_at_least_95_of_100_samples(of: int, true: float) -> None:
    held = sum(ways_of(hit, of, Fraction(true)) for hit in range(of + 1) if bound(hit, of) >= true)
    assert held / Fraction(true).denominator ** of >= CONFIDENCE


@cache
def bound(hit: int, of: int) -> float:
    return upper_bound(hit, of)


def chance_of_at_most(hit: int, of: int, share: Fraction) -> float:
    return sum(ways_of(k, of, share) for k in range(hit + 1)) / share.denominator**of


def ways_of(hit: int, of: int, share: Fraction) -> int:
    """The chance of so many as the numerator over denominator ** of: exactly, which the code under test is not."""
    return comb(of, hit) * share.numerator**hit * (share.denominator - share.numerator) ** (of - hit)
