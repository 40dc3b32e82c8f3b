"""The confidence bound of a share: how many of all people may be exposed where so many of a sample were."""

from __future__ import annotations

from math import exp, lgamma, log

CONFIDENCE = 0.95
# Halvings of an interval: beyond them a float has no more digits.
_STEPS = 50


def upper_bound(hit: int, of: int, confidence: float = CONFIDENCE) -> float:
    """The share, 0 to 1, below which that of all is with this confidence, where `hit` of `of` were hit in a sample.

    One-sided, of Clopper and Pearson (Biometrika 26, 1934): the share of which a sample would show so few only with a
    chance of 1 - confidence. The `of` must be independent: people are, their boxes in a row of frames are not.
    """
    if hit >= of:
        return 1.0
    low, high = hit / of, 1.0
    for _ in range(_STEPS):
        middle = (low + high) / 2
        chance = sum(_binomial(of, k, middle) for k in range(hit + 1))
        low, high = (middle, high) if chance > 1 - confidence else (low, middle)
    return high


def _binomial(of: int, hit: int, share: float) -> float:
    """The chance of `hit` among `of` of this share; by logarithms, since the ways may be more than a float holds."""
    ways = lgamma(of + 1) - lgamma(hit + 1) - lgamma(of - hit + 1)
    return exp(ways + hit * log(share) + (of - hit) * log(1 - share)) if 0 < share < 1 else float(hit == of * share)
