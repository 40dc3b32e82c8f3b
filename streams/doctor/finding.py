"""A finding of `imagebus doctor`: one line, and what to do where something is wrong."""

from __future__ import annotations

from dataclasses import dataclass

OK, WARNING, FAILURE = "ok", "warning", "FAILURE"


@dataclass(frozen=True)
class Finding:
    """The result of one check: its level, what it is about, what was found, and what to do."""

    level: str
    about: str
    found: str
    do: str = ""

    def __str__(self) -> str:
        """As a person reads it."""
        line = f"{self.level:8} {self.about:10} {self.found}"
        return f"{line}\n{'':19} -> {self.do}" if self.do else line
