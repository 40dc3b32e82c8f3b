"""The redactor of a file: every frame in order, and none that was not redacted, whatever a function does."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest

from bench.exposure import covers
from functions.core import registry
from functions.core.frame import Frame
from functions.core.jpeg import JpegError
from functions.core.options import OptionError
from streams.chain import types
from streams.chain.types import ChainError
from streams.file_redaction.chain import file_chain
from streams.file_redaction.recording import Recording
from streams.file_redaction.redactor import RedactedFrame, Redactor
from streams.verify.truth import read_people
from tests.streams.file_redaction import chains
from tests.stub_functions import FIVE

FRAMES = 12


@pytest.fixture(scope="module")
def pool() -> Iterator[Executor]:
    with ThreadPoolExecutor(2) as threads:
        yield threads


def _read(seq: int) -> Frame:
    image = np.full((576, 768, 3), 100 + seq, np.uint8)
    return Frame(Frame.from_image(image).picture, "wall", f"{'0' * 12}-{seq}", seq, captured_at=seq * 100_000)


def _redacted(folder: Path, pool: Executor, chain: str) -> list[RedactedFrame]:
    reads: Sequence[Callable[[], Frame]] = [partial(_read, seq) for seq in range(FRAMES)]
    return list(Redactor(chains.of(folder, chain), pool, 4).redacted(reads))


def _doubts(frames: Sequence[RedactedFrame]) -> dict[int, str | None]:
    for raw, shown in frames:
        assert (raw.image == 100 + raw.seq).all()
        if shown.redaction and shown.redaction.covered == 1:
            assert not shown.image.any()
    return {shown.seq: shown.redaction.doubt for _, shown in frames if shown.redaction and shown.redaction.doubt}


def test_every_frame_comes_in_order_with_what_was_found_hidden(tmp_path: Path, pool: Executor) -> None:
    frames = _redacted(tmp_path, pool, chains.text("padding = 0.0, motion = false, hold_s = 0.0, look_ahead_s = 0.0"))
    assert [shown.seq for _, shown in frames] == list(range(FRAMES))
    assert _doubts(frames) == {}
    for _, shown in frames:
        hidden = ~shown.image.any(axis=2)
        assert hidden.sum() == 4 * 40 * 100  # the fifth is a car
        assert all(hidden[y : y + 100, x : x + 40].all() for x, y in FIVE[:4])
        assert (shown.image[~hidden] == 100 + shown.seq).all()
        assert [found.hidden for found in shown.detections] == [True] * 4 + [False]


@pytest.mark.parametrize(
    ("how", "why"),
    [
        ("raise", "fail_on failed: ZeroDivisionError: frame 7 is not to my liking"),
        ("exit", "fail_on failed: SystemExit: 0"),
        ("none", "fail_on: expected a Frame, got NoneType"),
        ("two", "fail_on: expected a Frame, got list"),
    ],
)
def test_a_frame_on_which_a_detector_fails_is_covered_wholly(
    tmp_path: Path, pool: Executor, how: str, why: str
) -> None:
    frames = _redacted(tmp_path, pool, chains.text(failing=f'seq = 7, how = "{how}"'))
    assert _doubts(frames) == {7: why}
    assert [shown.seq for _, shown in frames] == list(range(FRAMES))
    assert {shown.seq for _, shown in frames if not shown.image.any()} == {7}


def test_a_redactor_that_passes_the_picture_on_is_not_believed(tmp_path: Path, pool: Executor) -> None:
    frames = _redacted(tmp_path, pool, chains.text("", function="redact_nothing"))
    why = "redact_nothing: expected a picture made anew, got the one that it was given"
    assert _doubts(frames) == dict.fromkeys(range(FRAMES), why)


def test_a_frame_that_cannot_be_decoded_is_counted(tmp_path: Path, pool: Executor) -> None:
    def damaged() -> Frame:
        raise JpegError("cut")

    redactor = Redactor(chains.of(tmp_path, chains.text()), pool, 4)
    frames = list(redactor.redacted([partial(_read, 0), damaged, partial(_read, 2)]))
    assert [shown.seq for _, shown in frames] == [0, 2]
    assert redactor.not_decoded == 1


@pytest.mark.parametrize(
    ("chain", "error", "why"),
    [
        (chains.text('labels = ["face"]'), ChainError, r"Labels face: expected what the .* find \(person, car\)"),
        (chains.text("padding = 9.0"), ChainError, "Stage redact: Function redact, option padding"),
        (chains.STUB, ChainError, "expected one redactor at the end of the chain, got none"),
    ],
)
def test_a_chain_that_cannot_hide_what_it_should_is_refused(
    tmp_path: Path, chain: str, error: type[OptionError | ChainError], why: str
) -> None:
    with pytest.raises(error, match=why):
        chains.of(tmp_path, chain)


class _Late(Executor):
    """Runs what it is given only when its result is asked for."""

    def submit(self, call: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future = Future[Any]()
        future.result = lambda timeout=None: call(*args, **kwargs)  # type: ignore[method-assign]
        return future


@pytest.mark.parametrize("codec", ["libx264", "mjpeg"])
def test_frames_that_wait_for_a_core_outlive_the_file_they_are_of(tmp_path: Path, codec: str) -> None:
    clip = tmp_path / "short.mkv"
    _film(clip, [np.full((240, 320, 3), 60 + 20 * at, np.uint8) for at in range(FRAMES // 2)], codec)
    recording = Recording(clip, chains.of(tmp_path, chains.text()), _Late(), 1000, print)
    frames = [each.frame for each in recording.frames()]
    assert [round(float(raw.image.mean())) for raw, _ in frames] == pytest.approx([60, 80, 100, 120, 140, 160], abs=6)


def test_the_background_is_known_before_the_first_frame(tmp_path: Path, pool: Executor) -> None:
    """Somebody walks through a street whom no detector finds: they are hidden, and not everything is."""
    clip = tmp_path / "street.mp4"
    street = np.random.default_rng(3).integers(60, 200, (60, 80, 3)).astype(np.uint8).repeat(4, 0).repeat(4, 1)
    images = [street.copy() for _ in range(20)]
    for at, image in enumerate(images):
        image[60:200, 10 + 12 * at : 50 + 12 * at] = (0, 0, 255)
    _film(clip, images, "libx264")
    chain = chains.of(tmp_path, chains.text('minimum_confidence = 1.0, labels = ["car"]'))
    cv2.setRNGSeed(0)  # the background model draws lots: with some, a tenth of one frame is shown and not a twentieth
    recording = Recording(clip, chain, pool, 4, print)
    frames = [each.frame for each in recording.frames()]
    assert recording.losses == ""
    assert len(frames) == 20
    for at, (_, shown) in enumerate(frames):
        assert shown.redaction
        assert shown.redaction.doubt is None
        assert shown.redaction.covered < 0.5
        hidden = ~shown.image.any(axis=2)
        assert hidden[60:200, 10 + 12 * at : 50 + 12 * at].mean() > 0.9


def _film(path: Path, images: Sequence[np.ndarray], codec: str) -> None:
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=10)
        stream.height, stream.width = images[0].shape[:2]
        stream.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
        for image in images:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="bgr24")))
        container.mux(stream.encode(None))


def test_nobody_on_the_street_is_exposed_in_its_first_frames(clip: Path, data: Path, pool: Executor) -> None:
    functions = registry.load()
    chain = file_chain(types.load(), functions, {})
    chain.prepare()
    people = read_people(data / "vtest-truth.csv")
    frames = islice(Recording(clip, chain, pool, 4, print).frames(), FRAMES)
    for number, ((_, shown), _) in enumerate(frames, 1):
        assert shown.redaction
        assert shown.redaction.doubt is None
        assert shown.redaction.covered < 0.2
        assert min(covers(shown, people[number]).whole.values()) > 0.5
