"""The base of all errors that a user can correct, and hints for their texts."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class UsageError(Exception):
    """Wrong input or configuration; the text names the thing, what was expected and what came."""


def one_of(word: str, known: Iterable[str]) -> str:
    """The known words and the closest match, for the error about an unknown word."""
    words = list(known)
    return f"one of {', '.join(words) or '(there is none)'}{did_you_mean(word, words)}"


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """The closest match as a question at the end of an error text, empty if none is close."""
    near = difflib.get_close_matches(word, list(known), n=1)
    return f"; did you mean {near[0]}?" if near else ""
