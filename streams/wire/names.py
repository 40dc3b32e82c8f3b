"""Which names a source may have: what people see of two names must tell them apart."""

from __future__ import annotations

import hashlib
import string

NAME_LENGTH = 128
_ALWAYS = frozenset(string.ascii_letters + string.digits + "_")
_SAFE_LENGTH = 160  # a file's name ends in more than that, and holds 255 bytes
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


def safe(name: str) -> str:
    """A source's name as a file name, a part of an address, a level of MQTT and a cell of a table: it can do nothing.

    ASCII letters and digits, `_`, and after the first also `-` and `.` stay; any other byte of its UTF-8 becomes `~`
    and two hex digits. No two names become one; long ones end in a digest.
    """
    kept = "".join(_kept(letter, at) for at, letter in enumerate(name))
    if len(kept) <= _SAFE_LENGTH:
        return kept
    digest = hashlib.sha256(name.encode(errors="surrogatepass")).hexdigest()[:16]
    return f"{kept[: _SAFE_LENGTH - 18]}~~{digest}"


def _kept(letter: str, at: int) -> str:
    if letter in _ALWAYS or (at and letter in "-."):
        return letter
    return "".join(f"~{byte:02x}" for byte in letter.encode(errors="surrogatepass"))
