"""Decoding key frames alone, where they come often enough for the rate that is asked for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, NamedTuple

Mode = Literal["auto", "all", "keyframes"]
MODES: tuple[Mode, ...] = ("auto", "all", "keyframes")

# Distances of key frames that are measured first; how much longer than the interval asked for they may be.
_MEASURED, _LATE = 2, 1.1


class Decode(NamedTuple):
    """What is to be decoded; `auto` is `all` where no rate `fps` is asked for."""

    mode: Mode = "all"
    fps: float | None = None


EVERY_FRAME = Decode()


class KeyFrames:
    """Whether key frames alone are decoded: `alone` may change at each key frame, and says so."""

    def __init__(self, decode: Decode, say: Callable[[str], None]) -> None:
        self._interval_s = 1 / decode.fps if decode.mode == "auto" and decode.fps else None
        self._say = say
        self._last_s: float | None = None
        self._distances = list[float]()
        self.alone = decode.mode == "keyframes"

    def see(self, packet: Any) -> None:
        """Take down a key frame."""
        if self._interval_s is None or packet.pts is None or packet.time_base is None:
            return
        at_s = float(packet.pts * packet.time_base)
        if self._last_s is not None:
            self._distances = [*self._distances, at_s - self._last_s][-_MEASURED:]
        self._last_s = at_s
        if len(self._distances) == _MEASURED:
            self._decide(self._interval_s)

    def _decide(self, interval_s: float) -> None:
        often = min(self._distances) > 0 and max(self._distances) <= _LATE * interval_s
        if often != self.alone:
            self.alone = often
            what = "only they are" if often else "every frame is"
            self._say(f"key frames come every {max(self._distances):.2g} s: {what} decoded, for {1 / interval_s:g} fps")
