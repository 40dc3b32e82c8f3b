"""Which files are redacted, where results go, and what stands there until they are whole."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from functions.core.errors import UsageError
from streams.file_redaction.picture_result import moves
from streams.file_redaction.place import Place, ResultError
from streams.file_redaction.plan import plan
from tests.streams.file_redaction import chains


def _touch(folder: Path, *names: str) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")


def _planned(folder: Path, *given: str, out: str = "", overwrite: bool = False) -> dict[str, str]:
    jobs = plan([str(folder / word) for word in given], folder / out if out else None, overwrite).jobs
    return {str(job.source.relative_to(folder)): str(job.result.relative_to(folder)) for job in jobs}


@pytest.mark.parametrize(
    ("source", "beside", "in_folder"),
    [
        ("a.mp4", "a_redacted.mp4", "a.mp4"),
        ("a.MOV", "a_redacted.MOV", "a.MOV"),
        ("a.mkv", "a_redacted.mkv", "a.mkv"),
        ("a.avi", "a.avi_redacted.mp4", "a.avi.mp4"),
        ("a.gif", "a.gif_redacted.mp4", "a.gif.mp4"),
        ("a.webm", "a.webm_redacted.mp4", "a.webm.mp4"),
        ("a.jpeg", "a_redacted.jpeg", "a.jpeg"),
        ("a.PNG", "a_redacted.PNG", "a.PNG"),
        ("a.heic", "a.heic_redacted.jpg", "a.heic.jpg"),
        ("a.jp2", "a.jp2_redacted.png", "a.jp2.png"),
    ],
)
def test_a_result_has_the_name_of_its_source(tmp_path: Path, source: str, beside: str, in_folder: str) -> None:
    _touch(tmp_path, source)
    assert _planned(tmp_path, source) == {source: beside}
    assert _planned(tmp_path, source, out="out") == {source: f"out/{in_folder}"}


def test_a_folder_gives_all_in_it_but_results_and_what_is_none(tmp_path: Path) -> None:
    _touch(tmp_path, "in/a.mp4", "in/a_redacted.mp4", "in/b/c.jpg", "in/notes.txt", "in/.d.mp4.part", "in/.e.mp4")
    assert _planned(tmp_path, "in", out="out") == {"in/a.mp4": "out/a.mp4", "in/b/c.jpg": "out/b/c.jpg"}


def test_a_pattern_gives_what_fits_it(tmp_path: Path) -> None:
    _touch(tmp_path, "in/a.mp4", "in/b.jpg", "in/c/d.mp4")
    assert set(_planned(tmp_path, "in/**/*.mp4")) == {"in/a.mp4", "in/c/d.mp4"}
    assert set(_planned(tmp_path, "in/?.*", "in/a.mp4")) == {"in/a.mp4", "in/b.jpg"}


def test_what_is_there_is_skipped(tmp_path: Path) -> None:
    _touch(tmp_path, "in/a.mp4", "in/b.mp4", "out/a.mp4")
    assert set(_planned(tmp_path, "in", out="out")) == {"in/b.mp4"}
    assert set(_planned(tmp_path, "in", out="out", overwrite=True)) == {"in/a.mp4", "in/b.mp4"}


def test_results_in_a_folder_within_the_sources_are_no_sources(tmp_path: Path) -> None:
    _touch(tmp_path, "a.mp4", "out/a.mp4", "b/c.mp4")
    assert _planned(tmp_path, "", out="out") == {"b/c.mp4": "out/b/c.mp4"}


def test_two_sources_of_one_result_are_refused(tmp_path: Path) -> None:
    _touch(tmp_path, "a/door.mp4", "b/door.mp4")
    with pytest.raises(
        UsageError, match=r"out/door.mp4: expected one source for it, got .*a/door.mp4 and .*b/door.mp4"
    ):
        _planned(tmp_path, "a", "b", out="out")


def test_a_result_has_its_name_only_when_it_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "out" / "a.mp4"
    with Place(path) as place:
        place.file.write(b"whole")
        assert not path.exists()
        with pytest.raises(ResultError, match="expected to be alone, got another process that writes it"), Place(path):
            raise AssertionError
        place.keep()
    assert path.read_bytes() == b"whole"
    with Place(path) as place:
        place.file.write(b"half")
    assert path.read_bytes() == b"whole"
    assert os.listdir(path.parent) == ["a.mp4"]


def test_a_link_under_the_temporary_name_leads_nowhere(tmp_path: Path) -> None:
    (tmp_path / "other").write_bytes(b"mine")
    (tmp_path / ".a.mp4.part").symlink_to(tmp_path / "other")
    with pytest.raises(ResultError, match="cannot be written"), Place(tmp_path / "a.mp4"):
        raise AssertionError
    assert (tmp_path / "other").read_bytes() == b"mine"


def test_pictures_that_move_are_known(tmp_path: Path) -> None:
    assert moves(b"\x89PNG\r\n\x1a\n....IHDR....acTL")
    assert moves(b"RIFF....WEBPVP8X....\x02")
    assert not moves(b"RIFF....WEBPVP8X....\x10")
    assert not moves(b"\xff\xd8")


def test_a_zone_without_a_source_is_that_of_every_file(tmp_path: Path) -> None:
    zones = 'zones = ["cover 0,0 0.5,0 0.5,1", "door: ignore 0,0 1,0 1,1"]'
    found = chains.of(tmp_path, chains.text(zones)).for_source("street")
    assert found.redactor.options["zones"] == ("street: cover 0,0 0.5,0 0.5,1", "door: ignore 0,0 1,0 1,1")
