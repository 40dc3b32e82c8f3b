"""Scenarios by name: what is done to a chain, and how soon it must be well again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bench.chaos.cluster import Cluster
from bench.chaos.run import Outcome

Play = Callable[[Cluster], Outcome]


class NotPossible(Exception):
    """This machine or user cannot play a scenario; the text says what it wants."""


@dataclass(frozen=True)
class Scenario:
    """`limit_s` is the longest it may take from the part's return, or from the fault where none returns.

    Of good records at most `dead` may be dead letters.
    """

    name: str
    what: str
    limit_s: float
    dead: int
    play: Play

    def passed(self, outcome: Outcome) -> bool:
        """Nothing lost, nobody shown, in order, and in time."""
        wrong = outcome.lost, outcome.exposed, outcome.out_of_order, outcome.dead_for_nothing > self.dead
        return not any(wrong) and outcome.recovery_s <= self.limit_s


SCENARIOS: dict[str, Scenario] = {}


def scenario(what: str, limit_s: float, dead: int = 0) -> Callable[[Play], Play]:
    """Register a scenario under its function's name."""

    def register(play: Play) -> Play:
        name = play.__name__.replace("_", "-")
        SCENARIOS[name] = Scenario(name, what, limit_s, dead, play)
        return play

    return register
