"""`imagebus record`: files a source and minute, numbers beside, true to time; what is missing is told."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from threading import Event

import numpy as np
import pytest
from msgspec import structs

from functions.core.errors import UsageError
from functions.core.frame import Picture
from streams.recording.chosen import Recording
from streams.recording.numbers import Chain, Gap, Head, Summary, read
from streams.recording.recorder import Recorder
from streams.settings import Settings
from tests.streams.recording.recorded import (
    MINUTE_US,
    SECOND_US,
    Disk,
    Shooting,
    a_minute,
    greys,
    send,
    stamps,
)


@pytest.fixture
def disk(tmp_path: Path) -> Disk:
    return Disk(tmp_path / "recordings")


def _head(disk: Disk, at: int = 0) -> Head:
    head = next(read(disk.files()[at].numbers))
    assert isinstance(head, Head)
    return head


def test_a_minute_of_a_source_is_a_file_in_which_each_frame_has_its_time(embedded: str, disk: Disk) -> None:
    yard, began = Shooting(), a_minute()
    frames = [
        *yard.frames(began + 58 * SECOND_US, 10),
        *yard.frames(began + MINUTE_US + 123_456, 5),
        yard.frame(began + MINUTE_US + 5_654_321),
    ]
    with disk.recording(embedded):
        send(embedded, frames)
    first, second = disk.files()
    assert first.video.name.endswith("-58.mp4")
    assert second.video.name.endswith("-00.mp4")
    assert stamps(first.video) == [200_000 * number for number in range(10)]
    assert stamps(second.video) == [0, 200_000, 400_000, 600_000, 800_000, 5_530_865]
    assert greys(second.video) == pytest.approx([90, 95, 100, 105, 110, 115], abs=3)
    assert [each.at for each in disk.numbers()] == [frame.captured_at for frame in frames]
    assert disk.sources() == ["yard"]


def test_the_numbers_beside_say_what_was_found_hidden_and_doubted_and_what_frames_went_through(
    embedded: str, disk: Disk
) -> None:
    yard, began = Shooting(), a_minute()
    frames = [
        yard.frame(began),
        yard.frame(began + SECOND_US, people=2),
        yard.frame(began + 2 * SECOND_US, doubt="no detector has looked"),
    ]
    with disk.recording(embedded):
        send(embedded, frames)
    head, chain, empty, two, doubted, end = read(disk.files()[0].numbers)
    assert isinstance(head, Head)
    assert (head.source, head.topic, head.redacted, head.size_wh) == ("yard", "REDACTION_FRAME", True, (64, 48))
    assert isinstance(chain, Chain)
    assert [(step.function, step.version, step.options) for step in chain.steps] == [
        ("detect_people", "0.1.0", {"sure": 0.5}),
        ("redact", "0.1.0", {"strength": 9}),
    ]
    assert (chain.labels, chain.style) == (["person"], "black")
    assert [line.found for line in (empty, two, doubted)] == [{}, {"person": 2}, {}]
    assert [line.doubt for line in (empty, two, doubted)] == [None, None, "no detector has looked"]
    assert two.covered == 0.25
    assert end == Summary(ends_at=began + 2 * SECOND_US, frames=3, found={"person": 2}, doubts=1, covered=0.25)


def test_nothing_but_what_a_redactor_has_seen_is_recorded_of_a_redacted_topic(
    embedded: str, disk: Disk, caplog: pytest.LogCaptureFixture
) -> None:
    yard, began = Shooting(), a_minute()
    redacted, raw, last = yard.frames(began, 3)
    with disk.recording(embedded):
        send(embedded, [redacted, replace(raw, redaction=None), last])
    assert disk.seqs() == [redacted.seq, last.seq]
    assert "left out: expected a frame that a redactor has seen" in caplog.text


def test_a_raw_topic_is_recorded_where_the_chain_file_says_so_and_the_file_tells(embedded: str, disk: Disk) -> None:
    raw = replace(Shooting().frame(a_minute()), redaction=None)
    with disk.recording(embedded, redacted=False, topic="SOURCE_FRAME", raw=True):
        send(embedded, [raw, *Shooting("gate").frames(raw.captured_at, 9)], "SOURCE_FRAME")
    assert disk.seqs() == [0]
    assert _head(disk).redacted is False


def test_what_is_missing_begins_a_file_that_says_since_when_and_why(
    embedded: str, disk: Disk, caplog: pytest.LogCaptureFixture
) -> None:
    yard, began = Shooting(), a_minute()
    frames = [*yard.frames(began, 3), *yard.frames(began + 30 * SECOND_US, 3)]
    with disk.recording(embedded):
        send(embedded, frames)
    assert _head(disk).gap is None
    assert _head(disk, 1).gap == Gap(began + 400_000, "no frame came")
    assert "yard: nothing recorded for 30 s: no frame came" in caplog.text


def test_a_camera_that_takes_a_frame_now_and_then_has_no_gaps(embedded: str, disk: Disk) -> None:
    yard = Shooting(every_us=20 * SECOND_US)
    with disk.recording(embedded):
        send(embedded, yard.frames(a_minute(), 9))
    # Only of the second frame nobody can know.
    assert [_head(disk, at).gap is not None for at in range(len(disk.files()))] == [False, True, False, False]
    assert disk.seqs() == [*range(9)]


def test_another_size_and_a_clock_that_goes_back_begin_a_file(embedded: str, disk: Disk) -> None:
    yard, began = Shooting(), a_minute()
    frames = yard.frames(began, 2)
    yard.size_wh = (33, 17)
    frames += yard.frames(began + SECOND_US, 2)
    frames += yard.frames(began - 30 * SECOND_US, 2)
    with disk.recording(embedded):
        send(embedded, frames)
    assert [name[-6:] for name in disk.names()] == ["30.mp4", "00.mp4", "01.mp4"]
    assert [_head(disk, at).size_wh for at in range(3)] == [(33, 17), (64, 48), (33, 17)]
    assert _head(disk).gap == Gap(began + 1_200_000, "the camera's clock went back")


def test_a_frame_of_a_time_that_is_not_kept_is_refused_and_said(
    embedded: str, disk: Disk, caplog: pytest.LogCaptureFixture
) -> None:
    yard, began = Shooting(), a_minute()
    times = (0, 2**62, began + 3 * 86_400 * SECOND_US, began - 31 * 86_400 * SECOND_US, began)
    with disk.recording(embedded):
        send(embedded, [*map(yard.frame, times), *Shooting("gate").frames(began, 9)])
    assert [each.at for each in disk.numbers()] == [began]
    assert "a frame is left out whose time is not that of the days that are kept" in caplog.text


def test_no_name_leads_out_of_the_folder_and_each_is_found_again(embedded: str, disk: Disk) -> None:
    names = [
        "../..",
        "/etc/passwd",
        "a/b",
        ".",
        "=1+1",
        "@host/",
        "n" * 128,
        "ä" * 128,
        "CON",
        "ya\u0308rd",
        "source.txt",
    ]
    with disk.recording(embedded):
        send(embedded, [frame for name in names for frame in Shooting(name).frames(a_minute(), 2)])
    assert disk.sources() == sorted(names)
    assert all(disk.seqs(name) == [0, 1] for name in names)
    assert [path for path in disk.root.parent.iterdir() if path != disk.root] == []


def test_started_again_it_goes_on_where_it_left_off(embedded: str, disk: Disk) -> None:
    yard, began = Shooting(), a_minute()
    frames = yard.frames(began, 30)
    with disk.recording(embedded):
        send(embedded, frames[:10])
    send(embedded, [*frames[7:20]])  # some of them once more, as a stage that was killed does
    with disk.recording(embedded):
        send(embedded, frames[20:])
    assert disk.seqs() == [*range(30)]
    assert all(_head(disk, at).gap is None for at in range(len(disk.files())))


def test_a_picture_that_cannot_be_decoded_holds_up_nothing(
    embedded: str, disk: Disk, caplog: pytest.LogCaptureFixture
) -> None:
    yard = Shooting()
    first, bad, last = yard.frames(a_minute(), 3)
    noise = Picture(image=np.random.default_rng(0).integers(0, 255, (48, 64, 3), np.uint8))
    cut = replace(bad, picture=Picture(jpeg=noise.jpeg[: len(noise.jpeg) // 2]))
    with disk.recording(embedded):
        send(embedded, [first, cut, last])
    assert disk.seqs() == [first.seq, last.seq]
    assert len(stamps(disk.files()[0].video)) == 2


def test_of_more_sources_than_are_recorded_at_once_those_that_send_stay(
    embedded: str, disk: Disk, caplog: pytest.LogCaptureFixture
) -> None:
    began = a_minute()
    with disk.recording(embedded, places=3):
        send(embedded, [Shooting(f"camera {number}").frame(began) for number in range(5)])
    assert len(disk.sources()) == 3
    assert "more sources send than are recorded at once: new ones are left out" in caplog.text


def test_a_second_recorder_of_a_folder_is_refused(embedded: str, disk: Disk) -> None:
    settings = structs.replace(Settings(), kafka_url=embedded)
    with disk.recording(embedded):
        send(embedded, Shooting().frames(a_minute(), 9))
        disk.wait_for(5)
        with pytest.raises(
            UsageError, match=r"Output disk, dir .*: expected to be alone, got another that records there"
        ):
            Recorder(settings, Recording("disk", disk.conf, True)).run(Event())
    assert disk.seqs() == [*range(9)]
