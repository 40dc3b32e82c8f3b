"""Which names a source may have: what people see of two names must tell them apart."""

from __future__ import annotations

NAME_LENGTH = 128
# Letters and marks that nothing is seen of, although Unicode counts them as printable.
_UNSEEN = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")


def why_no_name(name: str) -> str:
    """What is wrong with a source's name, "" where nothing is.

    Line ends, controls, zero width, bidirectional marks and bytes that are not UTF-8 are not printable.
    """
    if not 0 < len(name) <= NAME_LENGTH:
        return f"expected 1 to {NAME_LENGTH} characters, got {len(name)}"
    if not name.isprintable() or _UNSEEN & set(name):
        return f"expected characters that can be seen, got {name!a}"
    if name != name.strip():
        return f"expected no blank at its beginning or end, got {name!a}"
    return ""


def printable(text: str) -> str:
    """Strangers' text as one that does nothing to a terminal."""
    return "".join(letter if letter.isprintable() else "?" for letter in text)
