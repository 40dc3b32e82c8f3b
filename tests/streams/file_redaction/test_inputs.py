"""`imagebus redact` over the kinds of files that people have: the same frames at the same times, and nothing else."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import av
import cv2
import numpy as np
import pytest

from tests.processes import IMAGEBUS, PROJECT
from tests.streams.chains import FUNCTIONS
from tests.streams.file_redaction import chains, inputs

# Words of the inputs that no result may hold.
SECRETS = (b"Secret", b"Miller", b"+48.1372", b"he comes")
VIDEOS = {
    "bframes": "bframes.mp4",
    "h265": "h265.mp4",
    "variable": "variable.mp4",
    "ntsc": "ntsc.mp4",
    "turned": "turned.mov",
    "aac": "aac.mp4",
    "two": "two.mp4",
    "located": "located.mp4",
    "cut": "cut.mkv",
    "film": "film.gif.mp4",
    "wide": "wide.mov",
    "odd": "odd.avi.mp4",
}


class Ran(NamedTuple):
    """A run over the folder of all kinds: what it said, and where its files are."""

    code: int
    lines: dict[str, str]
    sources: dict[str, Path]
    out: Path
    report: Path


def run(*arguments: object, chain: Path) -> subprocess.CompletedProcess[str]:
    """`imagebus redact` with this chain file."""
    command = [*IMAGEBUS, "redact", *map(str, arguments), "--chain", str(chain)]
    environ = {**os.environ, "IMAGEBUS_FUNCTIONS": FUNCTIONS, "PYTHONPATH": str(PROJECT)}
    return subprocess.run(command, capture_output=True, text=True, env=environ, timeout=120, check=False)


@pytest.fixture(scope="module")
def chain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("chain") / "chain.toml"
    path.write_text(chains.text("padding = 0.0, motion = false"))
    return path


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory, chain: Path, program: Callable[[str, str], str]) -> Ran:
    program("ffmpeg", "install it (Debian: apt-get install ffmpeg)")
    folder = tmp_path_factory.mktemp("files")
    sources = inputs.make_all(folder / "in")
    done = run(folder / "in", "-o", folder / "out", "--report", folder / "report", chain=chain)
    assert done.stderr == ""
    lines = {line.split(" -> ")[0].rpartition("/")[2]: line for line in done.stdout.splitlines() if " -> " in line}
    return Ran(done.returncode, lines, sources, folder / "out", folder / "report")


@pytest.mark.parametrize("name", VIDEOS)
def test_a_result_has_the_frames_of_its_source_at_their_times(ran: Ran, name: str) -> None:
    wanted, got = inputs.stamps(ran.sources[name]), inputs.stamps(ran.out / VIDEOS[name])
    assert len(wanted) >= 10
    # To half a millisecond, where a container counts them: Matroska. Else exactly, as far as ffprobe writes it.
    assert got == pytest.approx(wanted, abs=0.0005 if name == "cut" else 2e-6)


@pytest.mark.parametrize("name", VIDEOS)
def test_a_result_holds_one_stream_and_no_word_of_its_source(ran: Ran, name: str) -> None:
    result = ran.out / VIDEOS[name]
    (stream,) = inputs.streams(result)
    assert stream["codec_name"] == "h264"
    assert "rotation" not in json.dumps(stream)
    told = inputs.probed(result, "format_tags:stream_tags:chapter")
    assert told["chapters"] == []
    of_the_form = {"major_brand", "minor_version", "compatible_brands", "encoder", "handler_name", "vendor_id"}
    tags = [*told["format"]["tags"], *(tag for each in told["streams"] for tag in each.get("tags", {}))]
    assert {tag.lower() for tag in tags} <= of_the_form | {"language", "duration"}
    data = result.read_bytes()
    assert [word for word in SECRETS if word in data] == []


@pytest.mark.parametrize(
    ("name", "size_wh", "aspect"),
    [
        ("bframes", (160, 120), "1:1"),
        ("turned", (120, 160), "1:1"),
        ("wide", (160, 120), "4:3"),
        ("odd", (162, 122), "1:1"),
    ],
)
def test_a_result_is_shown_as_its_source_is(ran: Ran, name: str, size_wh: tuple[int, int], aspect: str) -> None:
    (stream,) = inputs.streams(ran.out / VIDEOS[name])
    assert (stream["width"], stream["height"]) == size_wh
    assert stream.get("sample_aspect_ratio", "1:1") == aspect
    raw, shown = (_first(path) for path in (ran.sources[name], ran.out / VIDEOS[name]))
    if name == "turned":  # as its matrix says, which OpenCV does not read here
        raw = cv2.rotate(raw, cv2.ROTATE_90_COUNTERCLOCKWISE if _matches(raw, shown, 90) else cv2.ROTATE_90_CLOCKWISE)
    height, width = (min(sides) for sides in zip(raw.shape[:2], shown.shape[:2], strict=True))
    left = shown[:height, :width].astype(int), raw[:height, :width].astype(int)
    clear = shown[:height, :width].max(axis=2) > 40  # the rest is hidden, or dark by itself
    assert clear.mean() > 0.6
    assert np.abs(left[0] - left[1])[clear].mean() < 12


def _first(path: Path) -> np.ndarray:
    with av.open(str(path)) as container:
        return next(container.decode(video=0)).to_ndarray(format="bgr24")


def _matches(raw: np.ndarray, shown: np.ndarray, degrees: int) -> bool:
    turned = np.rot90(raw, degrees // 90).astype(int)
    return bool(np.abs(turned - shown).mean() < np.abs(np.rot90(turned, 2) - shown).mean())


def test_what_is_left_out_is_counted(ran: Ran) -> None:
    assert "sound left out (1 track)" in ran.lines["aac.mp4"]
    assert "sound left out (2 tracks)" in ran.lines["two.mp4"]
    counted = "left out: 1 other video stream, 1 subtitle track, 1 data stream, 1 chapter, 3 metadata tags"
    assert counted in ran.lines["located.mp4"]
    assert "left out" not in ran.lines["bframes.mp4"]


def test_a_cut_file_gives_what_can_be_read_and_says_so(ran: Ran) -> None:
    assert ran.code == 1
    assert "not read: cut short: it ends at 0.8 s of 1.0 s" in ran.lines["cut.mkv"]
    assert [name for name, line in ran.lines.items() if "not read" in line] == ["cut.mkv"]


def test_pictures_stay_pictures_upright_and_without_a_word(ran: Ran) -> None:
    results = {path.name: path for path in (ran.out / "photos").iterdir()}
    assert set(results) == {"one.jpg", "two.jpeg", "three.png", "four.heic.jpg"}
    for name in ("one.jpg", "two.jpeg"):
        data = results[name].read_bytes()
        assert data.startswith(b"\xff\xd8")
        assert b"Exif" not in data
        assert [word for word in SECRETS if word in data] == []
        image = cv2.imread(str(results[name]))
        assert image is not None
        assert image.shape == (80, 60, 3)
        assert image[20].mean() < 110 < image[60].mean()
    for name in ("one.jpg", "four.heic.jpg"):
        assert results[name].read_bytes().startswith(b"\xff\xd8")
    for path in (results["three.png"], ran.out / "still.gif.png"):
        assert path.read_bytes().startswith(b"\x89PNG")


def test_the_report_says_the_same(ran: Ran) -> None:
    files = {Path(each["source"]).name: each for each in json.loads((ran.report / "report.json").read_text())["files"]}
    assert len(files) == len(VIDEOS) + 5
    assert files["bframes.mp4"]["frames"] == 25
    assert 0.03 < files["bframes.mp4"]["hidden"] < 0.3
    assert files["cut.mkv"]["lost"].startswith("cut short")
    page = (ran.report / "index.html").read_text()
    assert "sound left out (2 tracks)" in page
    assert page.count("<tr>") == len(files) + 1


@pytest.mark.parametrize(("audio", "tracks"), [("keep", 2), ("mute", 1)])
def test_sound_is_kept_or_silent_where_that_is_asked_for(
    ran: Ran, chain: Path, tmp_path: Path, audio: str, tracks: int
) -> None:
    done = run(ran.sources["two"], "-o", tmp_path / "out.mp4", "--audio", audio, chain=chain)
    assert done.returncode == 0
    raw, shown = ran.sources["two"], tmp_path / "out.mp4"
    assert [each["codec_name"] for each in inputs.streams(shown)] == ["h264"] + ["aac"] * tracks
    assert inputs.stamps(shown) == pytest.approx(inputs.stamps(raw), abs=2e-6)
    assert b"Secret" not in shown.read_bytes()
    if audio == "keep":
        assert _packets(shown) == _packets(raw)
    else:
        with av.open(str(shown)) as container:
            heard = [frame.to_ndarray() for frame in container.decode(audio=0)]
        assert sum(each.shape[1] for each in heard) / 48_000 == pytest.approx(1, abs=0.05)
        assert all(np.abs(each).max() < 1e-6 for each in heard)


def _packets(path: Path) -> list[tuple[int, float, bytes]]:
    with av.open(str(path)) as container:
        tracks = list(container.streams.audio)
        packets = [packet for packet in container.demux(tracks) if packet.size]
        return sorted((tracks.index(each.stream), float(each.pts * each.time_base), bytes(each)) for each in packets)
