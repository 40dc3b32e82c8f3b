"""`imagebus publish`: a recorder gets one steady stream a source, whatever becomes of camera, bus and recorder."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import psutil
import pytest

from functions import Frame
from functions.core.frame import Redaction
from streams.wire import records
from tests.bus import Writer
from tests.processes import IMAGEBUS, Process, free_port
from tests.streams.cameras import silent_camera
from tests.streams.chains import STUB_CHAIN, environment
from tests.streams.recorders import Watcher, picture, rtmp_recorder, rtsp_recorder
from tests.wait import wait_until

Colour = tuple[int, int, int]  # BGR
GREEN, WHITE, GREY = (0, 160, 0), (256, 256, 256), (128, 128, 128)
_RUN = itertools.count(1)


class Redacted(Writer):
    """A redactor's frames of some sources, 8 a second, of this colour; `raw`: as if no redactor had seen them."""

    def __init__(self, url: str, *sources: str, topic: str = "REDACTION_FRAME") -> None:
        super().__init__(url)
        self._sources, self._topic = sources, topic
        self.colour = GREEN
        self.raw = False
        self._run = f"{next(_RUN):012x}"

    def _write(self) -> None:
        for seq in itertools.count():
            if self._enough.wait(1 / 8):
                return
            for source in self._sources:
                self._client.produce(self._topic, self._record(seq, source), source)
            self._client.poll(0)

    def _record(self, seq: int, source: str) -> bytes:
        frame = Frame.from_image(np.full((240, 320, 3), self.colour, np.uint8).clip(0, 255), source)
        done = None if self.raw else Redaction((), "black", 0.0)
        made = replace(frame, id=f"{self._run}-{seq}", seq=seq, captured_at=time.time_ns() // 1000, redaction=done)
        return records.encode(records.from_frame(made))


def _output(url: str, name: str = "front", more: str = "") -> str:
    return f'\n[outputs.{name}]\nkind = "stream"\nurl = "{url}"\n{more}\n'


def _publish(env: Mapping[str, str], *names: str) -> Process:
    return Process([*IMAGEBUS, "publish", *names], env)


@pytest.fixture(scope="module")
def recorder() -> Iterator[str]:
    """The address of a recorder by RTSP that takes cam and a~20yard."""
    port = free_port()
    process = rtsp_recorder(port, "cam", "a~20yard")
    yield f"rtsp://127.0.0.1:{port}"
    process.close()


def test_a_stream_has_frames_at_its_rate_and_a_key_frame_a_second(
    program: Callable[[str, str], str], embedded: str, tmp_path: Path
) -> None:
    with rtmp_recorder(program, tmp_path, free_port()) as place, Redacted(embedded, "cam"):
        env = environment(embedded, tmp_path, STUB_CHAIN + _output(place + "/{source}"))
        with _publish(env) as process:
            process.wait_for_line(f"cam: streams to {place}/cam")
            with Watcher(f"{place}/cam", picture) as watcher:
                seen = watcher.wait_for_more(25)
            assert process.terminate() == 0
    # Eight frames a second came, and ten went; one for which this machine was too slow may be left out.
    assert all(abs(each.at_s * 10 - round(each.at_s * 10)) < 0.02 for each in seen)
    keys = [at for at, each in enumerate(seen) if each.key]
    assert {later - at for at, later in itertools.pairwise(keys)} == {10}
    assert {each.corner for each in seen} == {GREEN}
    assert seen[0].image.shape == (240, 320, 3)


def test_in_silence_a_grey_picture_comes_and_what_no_redactor_has_seen_never_does(
    recorder: str, embedded: str, tmp_path: Path
) -> None:
    env = environment(embedded, tmp_path, STUB_CHAIN + _output(recorder + "/{source}"))
    with Redacted(embedded, "cam", "a yard") as bus, _publish(env) as process:
        for source in ("cam", "a yard"):
            process.wait_for_line(f"{source}: streams to")
        with Watcher(f"{recorder}/view/cam", picture) as cam, Watcher(f"{recorder}/view/a~20yard", picture) as yard:
            for watcher in (cam, yard):
                watcher.wait_for("the camera", lambda each: each.corner == GREEN)
            bus.raw = True
            bus.colour = WHITE
            grey = cam.wait_for("a grey picture", lambda each: each.corner == GREY)
            bus.colour = GREEN
            bus.raw = False
            cam.wait_for("the camera again", lambda each: each.corner == GREEN)
        assert process.terminate() == 0
    assert {each.corner for each in (*cam.seen, *yard.seen)} <= {GREEN, GREY}
    assert grey.image.min() < 60 < 100 < np.median(grey.image), "Expected words on grey"
    process.wait_for_line("is left out: expected a frame that a redactor has seen")


def test_a_recorder_that_goes_is_found_again_and_one_that_is_stuck_holds_up_nobody(
    embedded: str, tmp_path: Path
) -> None:
    port = free_port()
    place = f"rtsp://127.0.0.1:{port}/cam"
    with silent_camera() as stuck, Redacted(embedded, "cam"):
        more = f'sources = ["cam"]{_output(f"rtsp://{stuck}/cam", "stuck")}'
        with _publish(environment(embedded, tmp_path, STUB_CHAIN + _output(place, more=more))) as process:
            process.wait_for_line(f"cam: no stream to {place}: Connection refused; it is tried again")
            for times in (1, 2):
                recorder = rtsp_recorder(port, "cam")
                try:
                    process.wait_for_line(f"cam: streams to {place}", count=times)
                    with Watcher(f"rtsp://127.0.0.1:{port}/view/cam", picture) as watcher:
                        watcher.wait_for("the camera", lambda each: each.corner == GREEN)
                finally:
                    recorder.close()
                process.wait_for_line(f"cam: no stream to {place}", count=times + 1)
            process.wait_for_line(f"cam: no stream to rtsp://{stuck}/cam: does not answer")
            with Redacted(embedded, "door"):  # of which that output has no address
                process.wait_for_line(
                    r"Output stuck: no stream of door: expected \{source\} in its url, .* of cam alone"
                )
            assert process.terminate() == 0
            assert process.text.count(f"no stream to {place}") == 3, "Expected each time to be told once"


def test_an_address_from_the_environment_is_never_shown_with_its_password(embedded: str, tmp_path: Path) -> None:
    port = free_port()
    right, wrong = (f"rtsp://me:{word}@127.0.0.1:{port}/{{source}}" for word in ("Open-5esame", "Sh4t-sesame"))
    recorder = rtsp_recorder(port, "cam", user="me", password="Open-5esame")
    chain = STUB_CHAIN + _output("env:RECORDER") + _output(wrong, "shut")
    env = environment(embedded, tmp_path, chain) | {"RECORDER": right}
    try:
        with Redacted(embedded, "cam"), _publish(env) as process:
            process.wait_for_line(rf"cam: streams to rtsp://me:\*\*\*@127.0.0.1:{port}/cam")
            process.wait_for_line(rf"cam: no stream to rtsp://me:\*\*\*@127.0.0.1:{port}/cam: \D*401")
            family = [psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)]
            commands = [word for each in family for word in each.cmdline()]
            assert process.terminate() == 0
    finally:
        recorder.close()
    assert "sesame" not in process.text + " ".join(commands)


def test_raw_pictures_stop_when_the_chain_file_no_longer_says_raw(recorder: str, embedded: str, tmp_path: Path) -> None:
    chain = STUB_CHAIN + _output(recorder + "/{source}", more='topic = "SOURCE_FRAME"\nraw = true')
    env = environment(embedded, tmp_path, chain)
    with Redacted(embedded, "cam", topic="SOURCE_FRAME") as bus, _publish(env) as process:
        bus.raw = True
        process.wait_for_line("cam: streams to")
        family = psutil.Process(process.pid).children(recursive=True)
        (tmp_path / "chain.toml").write_text(chain.replace("raw = true", ""))
        process.wait_for_line("these end, which let out raw pictures: front, since .* expected a redacted topic, or r")
        wait_until(lambda: sum(each.is_running() for each in family) < len(family), 30, "a stream that has ended")
        (tmp_path / "chain.toml").write_text(chain)
        process.wait_for_line("cam: streams to", count=2)
