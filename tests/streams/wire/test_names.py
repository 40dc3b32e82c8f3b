"""Names of sources: what people see tells two of them apart."""

from __future__ import annotations

import pytest

from streams.wire.names import NAME_LENGTH, why_no_name


@pytest.mark.parametrize(
    "name", ["door", "front door", "Tür-1", "入口", "кам", "a/b:c#d", "📷️", "x" * NAME_LENGTH, "é́"]
)
def test_what_can_be_seen_is_a_name(name: str) -> None:
    assert why_no_name(name) == ""


@pytest.mark.parametrize(
    "name",
    [
        *("", " ", "  ", "door ", " door", "x" * (NAME_LENGTH + 1)),
        *("a\nb", "door\n", "\r", "a\tb", "a\0b", "a\x1b[2Jb", "a\x85b", "a\u2028b"),  # line ends and controls
        *(
            "a\u200bb",
            "\u200d",
            "a\ufeffb",
            "a\u2060b",
            "a\u00adb",
            "a\u00a0b",
            "\u3164",
            "\u2800",
            "a\u034fb",
        ),  # unseen
        *("a\u202eb", "a\u2066b", "\u200fa", "a\u061cb"),  # of another direction
        *("a\udcffb", "a\ufffeb", "a\ue000b"),  # no UTF-8, no character, nobody's
    ],
)
def test_what_cannot_be_seen_is_refused_in_one_line_of_ascii(name: str) -> None:
    why = why_no_name(name)
    assert why.startswith("expected ")
    assert why.isascii()
    assert why.isprintable()
