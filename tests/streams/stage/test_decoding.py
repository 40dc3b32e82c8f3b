"""What one stage of a worker decoded, the others have at hand, each for itself."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from functions import Frame
from functions.core import jpeg as codec
from functions.core.jpeg import Image, JpegError
from streams.stage import decoding
from streams.stage.decoding import sharing
from streams.wire import records
from tests.streams import frames
from tests.streams.stage.stages import Arrived, NewStage, first_doing

WIDTH, HEIGHT = 64, 48


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """What was decoded so far."""
    real = codec.decode
    seen: list[bytes] = []

    def decode(jpeg: bytes, least_side: int | None = None) -> Image:
        seen.append(jpeg)
        return real(jpeg, least_side)

    monkeypatch.setattr(codec, "decode", decode)
    return seen


def picture(grey: int) -> bytes:
    return codec.encode(np.full((HEIGHT, WIDTH, 3), grey, np.uint8))


def test_equal_bytes_are_decoded_once(decoded: list[bytes]) -> None:
    decode = sharing()
    one, another = picture(10), picture(200)
    images = [decode(bytes(bytearray(jpeg))) for jpeg in (one, another, one)]
    assert decoded == [one, another]
    assert [round(float(image.mean())) for image in images] == [10, 200, 10]


def test_what_one_does_to_its_pixels_no_other_sees() -> None:
    decode, jpeg = sharing(), picture(10)
    for _ in range(3):
        image = decode(jpeg)
        assert image.mean() == 10
        image[:] = 0


def test_what_does_not_decode_is_said_each_time(decoded: list[bytes]) -> None:
    decode, cut = sharing(), picture(10)[:-40]
    for _ in range(2):
        with pytest.raises(JpegError, match="whole JPEG"):
            decode(cut)
    assert decoded == [cut, cut]


def test_pixels_at_hand_are_bounded(decoded: list[bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    """Those of the pictures seen last, and none of a picture that is larger than all of them may be."""
    monkeypatch.setattr(decoding, "_OF_A_CORE", 2 * WIDTH * HEIGHT * 3)
    monkeypatch.setattr("os.sched_getaffinity", lambda _: {0})
    decode = sharing()
    first, second, third = (picture(grey) for grey in (10, 100, 200))
    large = codec.encode(np.zeros((4 * HEIGHT, 4 * WIDTH, 3), np.uint8))
    for jpeg in (first, second, third, second, large, large, third, first):
        decode(jpeg)
    assert decoded == [first, second, third, large, large, first]


async def test_a_stage_after_another_sees_its_pixels(stage_of: NewStage, decoded: list[bytes]) -> None:
    """Of a picture that the first hands on as it came."""
    seen: list[Frame] = []
    decode = sharing()
    first, second = (stage_of(name) for name in ("detect_stub", "annotate"))
    for stage in (first, second):
        stage.work = replace(stage.work, decode=decode)
        first_doing(stage, lambda frame: seen.append(frame.with_detections([])) or frame.image)
    outcome = await first.outcome(Arrived(frames.record(3)))
    (value,) = outcome.results
    await second.outcome(Arrived(value))

    assert decoded == [frames.frame(3).jpeg] == [records.decode(value).jpeg]
    one, another = (frame.image for frame in seen)
    assert np.array_equal(one, another)
    assert not np.shares_memory(one, another)
