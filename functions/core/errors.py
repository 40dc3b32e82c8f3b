"""What all errors share that a person can mend."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class UsageError(Exception):
    """Something was asked for that cannot be; the text names it, what was expected and what came."""


def one_of(word: str, known: Iterable[str]) -> str:
    """The words that there are, and the nearest of them, for an error about one that is none of them."""
    words = list(known)
    return f"one of {', '.join(words) or '(there is none)'}{did_you_mean(word, words)}"


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """The nearest word as a question to end an error with, nothing where none is near."""
    near = difflib.get_close_matches(word, list(known), n=1)
    return f"; did you mean {near[0]}?" if near else ""
