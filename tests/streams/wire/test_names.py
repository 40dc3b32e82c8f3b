"""Names of sources: what people see tells two of them apart."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.wire.names import NAME_LENGTH, safe, why_no_name


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


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("cam-2.yard_b", "cam-2.yard_b"),
        ("shop door", "shop~20door"),
        ("../..", "~2e.~2f.."),
        ("..", "~2e."),
        ("@host/", "~40host~2f"),
        ("#", "~23"),
        ("+/+", "~2b~2f~2b"),
        ("=1+1", "~3d1~2b1"),
        ("-rf", "~2drf"),
        ("~20", "~7e20"),
        ("a?b%2f:c\\", "a~3fb~252f~3ac~5c"),
        ("T\u00fcr", "T~c3~bcr"),
    ],
)
def test_a_safe_name_can_do_nothing(name: str, expected: str) -> None:
    assert safe(name) == expected


@given(st.text(max_size=128), st.text(max_size=128))
def test_safe_names_are_short_harmless_and_different_for_different_names(one: str, other: str) -> None:
    assert re.fullmatch(r"([A-Za-z0-9_~][A-Za-z0-9_.~-]{0,159})?", safe(one))
    assert (safe(one) == safe(other)) == (one == other)


def test_long_names_that_begin_alike_stay_different() -> None:
    assert safe("\u20ac" * 127 + "a") != safe("\u20ac" * 127 + "b")
