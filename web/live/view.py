"""Chooses the next picture of one view in one browser."""

from __future__ import annotations

from dataclasses import dataclass, field

from web.live.pairing import Pair, Pairing

# Several sources in one view take turns.
TURN_S = 3.0


@dataclass
class View:
    """One view of one browser: what was sent last, and the picture in flight."""

    pairing: Pairing
    source: str | None
    width: int | None
    sent: dict[str, int] = field(default_factory=dict)
    skipped: int = 0
    in_flight: int = 0
    turn: str = ""
    turn_began: float = 0.0

    def next(self, now: float) -> Pair | None:
        """The newest pair that was not sent yet, None while one is in flight or none is new."""
        if self.in_flight:
            return None
        source = self._pick(now)
        pair = self.pairing.pairs.get(source) if source is not None else None
        if source is None or pair is None or self.sent.get(source, 0) >= pair.number:
            return None
        self.skipped += pair.number - self.sent.get(source, pair.number - 1) - 1
        self.sent[source] = pair.number
        if len(self.sent) > len(self.pairing.pairs):  # its pairing has forgotten some
            self.sent = {name: number for name, number in self.sent.items() if name in self.pairing.pairs}
        return pair

    def _pick(self, now: float) -> str | None:
        if self.source is not None:
            return self.source
        new = [name for name, pair in self.pairing.pairs.items() if pair.number > self.sent.get(name, 0)]
        if self.turn in new and now - self.turn_began < TURN_S:
            return self.turn
        if not new or (self.turn and now - self.turn_began < TURN_S):
            return None
        self.turn, self.turn_began = _after(self.turn, sorted(new)), now
        return self.turn


def _after(turn: str, names: list[str]) -> str:
    return next((name for name in names if name > turn), names[0])
