"""`imagebus export`: a part of a recording as one file, as it was encoded; what is missing in it is told."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import av
import pytest
from click.testing import CliRunner, Result

from functions.core.errors import UsageError
from streams.chain import types as chains
from streams.cli import imagebus
from streams.kafka.embedded_broker import EmbeddedBroker
from tests.streams.recording.recorded import MINUTE_US, SECOND_US, Disk, Shooting, a_minute, greys, send, stamps

BEGAN = a_minute(20)


@pytest.fixture(scope="module")
def disk(tmp_path_factory: pytest.TempPathFactory) -> Disk:
    """Two minutes of a camera, without the ten seconds before the third; a second one in two sizes."""
    disk = Disk(tmp_path_factory.mktemp("disk") / "recordings")
    yard, gate = Shooting(every_us=500_000), Shooting("gate")
    frames = [*yard.frames(BEGAN, 220), *yard.frames(BEGAN + 2 * MINUTE_US + 5 * SECOND_US, 20), *gate.frames(BEGAN, 5)]
    gate.size_wh = (32, 32)
    frames += gate.frames(BEGAN + SECOND_US, 5)
    with EmbeddedBroker() as broker, disk.recording(broker.url):
        send(broker.url, frames)
    return disk


@pytest.fixture(autouse=True)
def chain(disk: Disk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "chain.toml").write_text(f"{chains.DEFAULT.read_text()}\n{disk.section}")
    monkeypatch.setenv("IMAGEBUS_CHAIN", str(tmp_path / "chain.toml"))


def _export(source: str, since: int, until: int, clip: Path) -> Result:
    times = [datetime.fromtimestamp(us / 1e6, UTC).isoformat() for us in (since, until)]
    return CliRunner().invoke(imagebus, ["export", source, *times, str(clip)], catch_exceptions=False)


def test_a_clip_joins_files_without_a_seam_and_without_encoding(disk: Disk, tmp_path: Path) -> None:
    clip = tmp_path / "clip.mp4"
    told = _export("yard", BEGAN + 50 * SECOND_US, BEGAN + 70 * SECOND_US, clip)
    assert stamps(clip) == [500_000 * number for number in range(40)]
    recorded = [grey for file in disk.files()[:2] for grey in greys(file.video)]
    assert greys(clip) == recorded[100:140]
    assert f"{clip}: 40 frames, " in told.output
    assert "missing" not in told.output
    with av.open(str(clip)) as container:
        assert container.duration == pytest.approx(20_000_000, abs=600_000)


def test_it_begins_with_the_key_frame_before(tmp_path: Path) -> None:
    clip = tmp_path / "clip.mp4"
    _export("yard", BEGAN + 11_400_000, BEGAN + 14_000_000, clip)
    assert len(stamps(clip)) == 8  # from 10 s on


def test_what_is_missing_is_cut_out_and_told(tmp_path: Path) -> None:
    clip = tmp_path / "clip.mp4"
    told = _export("yard", BEGAN + 100 * SECOND_US, BEGAN + 300 * SECOND_US, clip)
    assert len(stamps(clip)) == 40
    assert stamps(clip)[-1] == 20_000_000
    assert told.output.count("missing ") == 2


def test_nothing_lies_under_the_name_where_there_is_no_clip(tmp_path: Path) -> None:
    (there := tmp_path / "there.mp4").write_bytes(b"mine")
    clip = tmp_path / "clip.mp4"
    for source, since, until, target, text in [
        ("yard", 3600 * SECOND_US, 3700 * SECOND_US, clip, "yard: expected frames between these times, got none"),
        ("gate", 0, 10 * SECOND_US, clip, "gate: expected pictures of one size, got 64x48, and 32x32 from"),
        ("cellar", 0, SECOND_US, clip, "cellar: expected a source that is recorded"),
        ("yard", 0, SECOND_US, there, "expected the name of an .mp4 that is not there yet"),
        ("yard", 0, SECOND_US, tmp_path / "clip.avi", "expected the name of an .mp4"),
        ("yard", 0, 0, clip, "got the later one first"),
    ]:
        with pytest.raises(UsageError, match=text):
            _export(source, BEGAN + since, BEGAN + until, target)
    assert there.read_bytes() == b"mine"
    assert {path.name for path in tmp_path.iterdir()} == {"there.mp4", "chain.toml"}
