"""Key frames alone are decoded where they come often enough for the rate asked for; numbers and times stay the same."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from functions.core.jpeg import Image
from streams.producer.sampling import Pace
from streams.producer.sources import open_source
from streams.video.decoding import Moment, open_video
from streams.video.key_frames import Decode, Mode
from tests.commands import Command
from tests.streams.producing import TOPIC, frames, produced
from tests.streams.video.filming import as_image, film

MILLISECOND = Fraction(1, 1000)


def _grey(number: int) -> Image:
    return np.full((48, 64, 3), 2 * number % 250, np.uint8)


@pytest.fixture(scope="module", params=["libx264", "libx265"])
def clip(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten seconds at ten frames a second, each frame a little brighter, a key frame a second, with B-frames."""
    x265 = "keyint=10:min-keyint=10:scenecut=0:open-gop=0:log-level=none"
    options = {"libx264": {"g": "10", "keyint_min": "10", "sc_threshold": "0"}, "libx265": {"x265-params": x265}}
    path = tmp_path_factory.mktemp("keys") / "a.mp4"
    return film(path, [_grey(number) for number in range(100)], request.param, **options[request.param])


def _read(path: Path, mode: Mode, fps: float | None) -> tuple[list[Moment], list[str]]:
    said: list[str] = []
    with open_video(str(path)) as video:
        moments = list(video.moments(said.append, None, Decode(mode, fps)))
        pace = Pace(1, fps)
        taken = [(seq, m) for seq, m in enumerate(moments) if not m.skipped and pace.is_due(seq, m.at_s)]
    assert len(moments) == 100, "seq counts every packet"
    assert [round(moment.at_s, 3) for _, moment in taken] == sorted(round(moment.at_s, 3) for _, moment in taken)
    return moments, said


@pytest.mark.parametrize("mode", ["auto", "keyframes"])
def test_pictures_numbers_and_times_are_those_of_decoding_all(mode: Mode, clip: Path) -> None:
    def read(mode: Mode) -> list[tuple[int, float, int]]:
        with open_video(str(clip)) as video:
            moments = enumerate(video.moments(print, None, Decode(mode, 1.0)))
            return [(n, round(m.at_s, 2), int(as_image(m.picture()).mean())) for n, m in moments if not m.skipped]

    all_frames, found = read("all"), read(mode)
    assert set(found) <= set(all_frames)
    assert {(number, number / 10) for number in range(0, 100, 10)} <= {(number, at_s) for number, at_s, _ in found}


def test_auto_says_what_it_does_and_decodes_all_where_key_frames_come_too_seldom(clip: Path) -> None:
    moments, said = _read(clip, "auto", 1.0)
    assert said == ["key frames come every 1 s: only they are decoded, for 1 fps"]
    assert sum(moment.skipped for moment in moments) > 60

    moments, said = _read(clip, "auto", 5.0)
    assert said == []
    assert not any(moment.skipped for moment in moments)


def test_auto_decodes_all_where_no_rate_is_asked_for(clip: Path) -> None:
    moments, said = _read(clip, "auto", None)
    assert (said, any(moment.skipped for moment in moments)) == ([], False)


def test_key_frames_that_come_seldom_later_are_seen(tmp_path: Path) -> None:
    film(tmp_path / "often.h264", [_grey(n) for n in range(50)], "libx264", g="10", bf="0", sc_threshold="0")
    film(tmp_path / "seldom.h264", [_grey(n) for n in range(50, 150)], "libx264", g="40", bf="0", sc_threshold="0")
    joined = (tmp_path / "often.h264").read_bytes() + (tmp_path / "seldom.h264").read_bytes()
    (tmp_path / "both.h264").write_bytes(joined)
    with av.open(str(tmp_path / "both.h264")) as source, av.open(str(tmp_path / "both.mkv"), "w") as target:
        copy = target.add_stream_from_template(source.streams.video[0])
        for number, packet in enumerate(source.demux(video=0)):
            if packet.size:
                packet.stream, packet.pts, packet.dts, packet.time_base = copy, number * 100, number * 100, MILLISECOND
                target.mux(packet)
    said: list[str] = []
    with open_video(str(tmp_path / "both.mkv")) as video:
        moments = list(video.moments(said.append, None, Decode("auto", 1.0)))

    assert [line.partition(",")[0] for line in said] == [
        "key frames come every 1 s: only they are decoded",
        "key frames come every 4 s: every frame is decoded",
    ]
    assert len(moments) == 150
    assert not any(moment.skipped for moment in moments[-40:])


def test_a_producer_sends_at_the_rate_asked_for_or_every_key_frame(embedded: str, clip: Path) -> None:
    text = produced(embedded, clip, "--fps", "1")
    assert [record["seq"] for record in frames(embedded, TOPIC, 10)][-7:] == list(range(30, 100, 10))
    assert "only they are decoded, for 1 fps" in text
    produced(embedded, clip, "--decode", "keyframes", "-t", "KEYS")
    assert [record["seq"] for record in frames(embedded, "KEYS", 10)] == list(range(0, 100, 10))


@pytest.mark.parametrize("arguments", [["--fps", "1"], ["--decode", "keyframes"]])
def test_every_nth_frame_is_exact_and_nothing_else(arguments: list[str], clip: Path, imagebus: Command) -> None:
    ended = imagebus("produce", clip, "-f", "30", *arguments, env={"KAFKA_URL": "127.0.0.1:1"})
    assert ended.code == 2
    assert "--every: expected --fps instead of it, or none" in ended.err


def test_motion_jpeg_is_all_key_frames(tmp_path: Path) -> None:
    source = open_source(str(film(tmp_path / "a.mov", [_grey(n) for n in range(30)], "mjpeg")), print)
    source.decode = Decode("keyframes")
    assert not any(moment.skipped for moment in source.moments(None))  # type: ignore[arg-type]
