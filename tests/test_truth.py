"""Footage with true boxes is read in each of its layouts, and what was measured says how far it can be trusted."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from bench.misses import columns, measured, together
from bench.truth import read_footage
from functions.core.errors import UsageError


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def picture(path: Path, value: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), np.full((20, 30, 3), value, np.uint8))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    square, stills = tmp_path / "a-square", tmp_path / "faces-of-some"
    for number in (1, 2, 3):
        picture(square / "img1" / f"{number:06}.png", number)
    # frame, person, left, top, width, height, considered, class, visibility
    rows = ["1,7,1,2,3,4,1,1,1", "2,7,2,2,3,4,1,1,.25", "2,8,9,9,1,1,1,1,.1", "2,9,9,9,1,1,0,1,1", "1,5,9,9,1,1,1,3,1"]
    write(square / "gt" / "gt.txt", "\n".join(rows))
    write(square / "seqinfo.ini", "[Sequence]\nframeRate=30\nimDir=img1\n")
    for number, name in enumerate(("b.png", "a.png"), 1):
        picture(stills / "frames" / name, number)
    write(stills / "truth.csv", "file,left,top,width,height\nb.png,0,0,5,5\nb.png,6,0,5,5\na.png,1,1,2,2\n")
    return tmp_path


def test_a_folder_of_sequences_is_read_in_each_layout(folder: Path) -> None:
    square, stills = read_footage(folder)
    assert square.people == {1: {"7": (1, 2, 4, 6)}, 2: {"7": (2, 2, 5, 6)}}
    assert (square.name, square.fps, square.stills, square.of_faces) == ("a-square", 30, False, False)
    assert [(number, image[0, 0, 0]) for number, image in square.images()] == [(1, 1), (2, 2)]
    assert [len(people) for people in stills.people.values()] == [2, 1]
    assert (stills.stills, stills.of_faces, stills.boxes) == (True, True, 3)
    assert [(number, image[0, 0, 0]) for number, image in stills.images()] == [(1, 1), (2, 2)]


def test_a_folder_of_none_and_pictures_that_are_missing_are_said(folder: Path) -> None:
    with pytest.raises(UsageError, match=r"img1: expected sequences, with truth\.csv or .* got none"):
        read_footage(folder / "a-square" / "img1")
    (folder / "a-square" / "img1" / "000002.png").unlink()
    (folder / "a-square" / "img1" / "000003.png").unlink()
    with pytest.raises(UsageError, match="expected 2 frames, got 1"):
        list(read_footage(folder)[0].images())


def test_the_shared_footage_is_what_its_page_says(data: Path) -> None:
    read = {each.name: each for each in read_footage(data / "footage")}
    assert read["tud-stadtmitte"].boxes == 1019
    assert len({person for people in read["tud-stadtmitte"].people.values() for person in people}) == 10
    assert read["faces-wider-dev"].boxes == 1512


def test_a_detector_s_row_says_what_it_misses_by_people_and_by_height(folder: Path) -> None:
    square, _ = read_footage(folder)
    misses = measured(square, lambda image: [(1, 2, 4, 6)] if image[0, 0, 0] == 1 else [], every=1)
    assert misses.boxes == [("7", 4, 1.0), ("7", 4, 0.0)]
    heads, row = columns(of_faces=False).split(), misses.row().split()
    assert heads[:3] == ["people", "boxes", "missed"]
    assert row[:4] == ["1", "2", "50.00", "%"]
    assert "100.0 %" in misses.row()  # the one person there is
    assert together([misses, misses]).row().split()[:2] == ["1", "4"]
