"""`imagebus record --list` and `--delete`: what is there is told, and what is erased is gone and stays so."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from functions.core.errors import UsageError
from streams.chain import types as chains
from streams.cli import imagebus
from streams.recording import positions
from tests.streams.recording.recorded import MINUTE_US, SECOND_US, Disk, Shooting, a_minute, send
from tests.wait import wait_until


@pytest.fixture
def disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Disk:
    """The folder of the one recording of the chain file that commands read."""
    disk, chain = Disk(tmp_path / "recordings"), tmp_path / "chain.toml"
    chain.write_text(f"{chains.DEFAULT.read_text()}\n{disk.section}")
    monkeypatch.setenv("IMAGEBUS_CHAIN", str(chain))
    return disk


def _run(*arguments: str) -> Result:
    return CliRunner().invoke(imagebus, ["record", *arguments], catch_exceptions=False)


def _utc(us: int) -> str:
    return datetime.fromtimestamp(us / 1e6, UTC).isoformat()


def test_the_list_tells_days_sizes_doubts_and_gaps(embedded: str, disk: Disk) -> None:
    yard, began = Shooting(), a_minute(0) - 30 * MINUTE_US
    frames = [
        *yard.frames(began, 5),
        *yard.frames(began + 5 * MINUTE_US, 4),
        yard.frame(began + 9 * MINUTE_US, 0, "dim"),
    ]
    with disk.recording(embedded):
        send(embedded, [*frames, *Shooting("a/b").frames(began, 2)])
    told = _run("--list").output.splitlines()
    assert told[0] == f"disk: REDACTION_FRAME (redacted) in {disk.root}, at most 30 days and 10 GB"
    text = "\n".join(told)
    assert "  a/b  20" in text
    assert "3 files, 0.0 MB, 10 frames, 1 in doubt" in text
    assert text.count(": no frame came") == 2


def test_erased_means_files_numbers_the_folder_and_what_still_comes(embedded: str, disk: Disk) -> None:
    yard, gate, began = Shooting("yard"), Shooting("gate"), a_minute()
    frames = yard.frames(began, 20)
    with disk.recording(embedded):
        send(embedded, [*frames, *gate.frames(began, 20)])
        disk.wait_for(17)
        told = _run("--delete", "yard")
        send(embedded, yard.frames(began + 4 * SECOND_US, 20))  # late, but of the time that was erased
    assert told.output.startswith("disk: yard: erased 1 files, 1")
    assert disk.sources() == ["gate"]
    assert len(disk.seqs("gate")) == 20
    assert [path.name for path in disk.root.rglob("*") if "yard" in path.name] == []
    (disk.root / positions.NAME).unlink()
    with disk.recording(embedded):  # which reads the topic from its beginning
        pass
    assert disk.sources() == ["gate"]


def test_a_recorder_goes_on_after_the_file_that_it_writes_was_erased(embedded: str, disk: Disk) -> None:
    yard, now = Shooting(), a_minute(0) + MINUTE_US
    with disk.recording(embedded):
        send(embedded, yard.frames(now, 10))
        disk.wait_for(7)
        _run("--delete", "yard", _utc(now), _utc(now + SECOND_US))
        assert disk.files() == []
        send(embedded, yard.frames(now + 10 * SECOND_US, 10))
    assert disk.seqs() == [*range(10, 20)]


def test_a_part_is_erased_in_whole_files_and_the_rest_stays(embedded: str, disk: Disk) -> None:
    yard, began = Shooting(every_us=SECOND_US), a_minute()
    with disk.recording(embedded):
        send(embedded, yard.frames(began, 5 * 60))
    told = _run("--delete", "yard", _utc(began + 70 * SECOND_US), _utc(began + 125 * SECOND_US))
    assert "erased 2 files, 120 frames" in told.output
    assert disk.seqs() == [*range(60), *range(180, 300)]
    assert _run("--delete", "yard", "-2h", "-1h").output == "disk: yard: nothing was recorded then\n"


def test_what_cannot_be_erased_is_refused_in_a_sentence(embedded: str, disk: Disk) -> None:
    with disk.recording(embedded):
        send(embedded, Shooting().frames(a_minute(), 2))
    for arguments, text in [
        (["--delete", "yarn"], "yarn: expected a source that is recorded: one of yard; did you mean yard"),
        (["--delete", "../.."], "expected a source that is recorded"),
        (["--delete", "yard", "10:00"], "expected a time and a later one, or none for all"),
        (["10:00", "11:00"], "expected --delete SOURCE with them"),
        (["--list", "--output", "disc"], "--output disc: expected one of disk; did you mean disk"),
    ]:
        with pytest.raises(UsageError, match=text):
            _run(*arguments)
    assert disk.seqs() == [0, 1]


def test_a_folder_that_goes_away_while_it_is_recorded_is_made_again(embedded: str, disk: Disk) -> None:
    yard, began = Shooting(), a_minute()
    with disk.recording(embedded):
        send(embedded, yard.frames(began, 10))
        disk.wait_for(7)
        _run("--delete", "yard", _utc(began), _utc(began + MINUTE_US))
        wait_until(lambda: not (disk.root / "yard").exists(), 10, "a folder that is gone")
        send(embedded, yard.frames(began + 2 * MINUTE_US, 3))
    assert disk.seqs() == [10, 11, 12]
