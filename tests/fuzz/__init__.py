"""Whatever comes from outside, our parsers answer with an error of their own: `make fuzz` looks for what breaks them.

A module a target: `one(data)` reads any bytes and raises only where something is wrong, `seeds()` gives bytes to begin
with, `MAX_BYTES` is how long an input may grow. What was found once stays in `cases/TARGET/`.
"""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module
from pathlib import Path
from typing import Protocol, cast

TARGETS = ("record", "picture", "websocket", "offer", "chain_file", "camera", "boxes")
CASES = Path(__file__).with_name("cases")


class Target(Protocol):
    """What a target's module has."""

    MAX_BYTES: int

    def one(self, data: bytes) -> None: ...

    def seeds(self) -> Iterable[bytes]: ...


def target(name: str) -> Target:
    """The target of that name."""
    return cast(Target, import_module(f"tests.fuzz.{name}"))


def cases(name: str) -> list[bytes]:
    """What broke this target once."""
    return [path.read_bytes() for path in sorted((CASES / name).glob("*"))]
