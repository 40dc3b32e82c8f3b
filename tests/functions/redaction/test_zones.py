"""Zones: places that are always covered, or never, for one source."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from functions import Detection, Frame
from functions.core.errors import UsageError
from functions.core.registry import load
from functions.redact import Memory, redact
from functions.redaction.zones import zone
from streams.chain import types as chains
from streams.chain.types import ChainError
from tests.functions.hops import looked_at

SIZE_WH = (64, 48)


def shares(*points: tuple[float, float]) -> list[tuple[float, float]]:
    """Points in pixels of the picture as shares of it."""
    return [(x / SIZE_WH[0], y / SIZE_WH[1]) for x, y in points]


DOOR = zone("door", "cover", shares((10, 10), (29, 10), (29, 19), (10, 19)))
SCREEN = zone("door", "ignore", shares((20, 0), (60, 0), (60, 15), (20, 15)))


def hidden(source: str, *zones: str, **options: object) -> np.ndarray:
    """What is covered of a picture with somebody at its top right."""
    picture = Frame.from_image(np.full((*SIZE_WH[::-1], 3), 200, np.uint8), source)
    frame = looked_at(picture.with_detections([Detection("person", 0.9, (40, 5, 55, 40))]))
    said = {"padding": 0, "motion": False, "zones": zones, **options}
    return (redact(frame, Memory(), (), **said).image == 0).all(axis=2)  # type: ignore[arg-type]


def test_a_zone_is_covered_whatever_is_found() -> None:
    covered = hidden("door", DOOR)
    assert covered[10:20, 10:30].all()
    assert covered.sum() == 20 * 10 + 15 * 35


def test_a_zone_to_ignore_stays_as_it_is_where_somebody_is_found() -> None:
    covered = hidden("door", SCREEN)
    assert not covered[:16].any()
    assert covered[16:40, 40:55].all()


def test_where_both_are_said_it_is_covered() -> None:
    assert hidden("door", DOOR, SCREEN)[10:20, 10:30].all()


def test_what_lies_between_lines_that_cross_is_covered_too() -> None:
    """A star drawn in one go: its middle lies within twice."""
    star = shares((20, 0), (30, 40), (5, 14), (35, 14), (10, 40))
    assert hidden("door", zone("door", "cover", star))[20, 20]


def test_zones_are_of_one_source() -> None:
    assert hidden("gate", DOOR, SCREEN).sum() == 15 * 35


def test_in_doubt_all_is_covered_the_ignored_too() -> None:
    assert hidden("door", SCREEN, motion=True).all()


def test_a_source_may_have_any_name() -> None:
    name = "ignore: the 1,2 door"
    assert hidden(name, zone(name, "cover", shares((10, 10), (29, 10), (29, 19), (10, 19))))[10:20, 10:30].all()


@pytest.mark.parametrize(
    "text",
    ["", "door", "door: hide 0,0 1,0 1,1", "door: cover 0,0 1,1", "door: cover 0 1 1", "door: cover a,b c,d e,f"],
)
def test_a_zone_that_cannot_be_read_is_refused_before_the_first_frame(text: str) -> None:
    spec = load()["redact"]
    with pytest.raises(UsageError, match="expected `SOURCE: cover x,y x,y x,y …`"):
        spec.prepare(spec.validate({"zones": [text]}))


@pytest.mark.parametrize("point", ["320,180", "1.01,0", "-0.1,0", "nan,0", "inf,0"])
def test_pixels_are_refused_with_how_to_make_shares_of_them(point: str, tmp_path: Path) -> None:
    how = r"expected shares of the upright picture, 0 to 1, got .*x divided by the picture's width, y by its height"
    spec = load()["redact"]
    with pytest.raises(UsageError, match=how):
        spec.prepare(spec.validate({"zones": [f"door: cover 0,0 {point} 1,1"]}))
    path = tmp_path / "chain.toml"
    path.write_text(CHAIN.replace("0.29, 0.1]", f"{point.replace(',', ', ')}]"))
    with pytest.raises(ChainError, match=f"Zone front door.*{how}"):
        chains.load(path)


CHAIN = """
[stages.redact]
function = "redact"
input = "A"
output = "B"
[stages.annotate]
function = "annotate"
input = "A"
output = "C"
[zones."front door"]
cover = [[[0.1, 0.1], [0.29, 0.1], [0.29, 0.19]]]
ignore = [[[0, 0], [0.5, 0], [0.5, 0.5], [0, 1]]]
"""


def test_zones_of_the_chain_file_reach_the_functions_that_know_them(tmp_path: Path) -> None:
    path = tmp_path / "chain.toml"
    path.write_text(CHAIN)
    chain, functions = chains.load(path), load()
    said = {name: chain.options(stage, functions[stage.function]) for name, stage in chain.stages.items()}
    assert said == {
        "redact": {
            "zones": ("front door: cover 0.1,0.1 0.29,0.1 0.29,0.19", "front door: ignore 0,0 0.5,0 0.5,0.5 0,1")
        },
        "annotate": {},
    }
    path.write_text(CHAIN.replace(", [0.29, 0.19]", ""))
    with pytest.raises(ChainError, match="expected `array` of length >= 3"):
        chains.load(path)
