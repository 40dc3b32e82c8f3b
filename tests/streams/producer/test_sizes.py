"""Whatever makes a source's pictures smaller on their way: a zone covers what it was drawn on."""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np
import pytest
from av import VideoFrame

from functions import Frame
from functions.core.frame import Size
from functions.redact import Memory, redact
from streams.video.encoder import Encoder
from streams.video.shown import Shown
from tests.functions.hops import looked_at

FULL: Size = (1280, 720)
ZONE = "yard: cover 0.5,0 1,0 1,1 0.5,1"


def a_picture(size_wh: Size, noise: bool = False) -> VideoFrame:
    """Green, and red where the zone is; with noise it is as large as a JPEG can be."""
    width, height = size_wh
    image = np.zeros((height, width, 3), np.uint8)
    if noise:
        image[:] = np.random.default_rng(1).integers(0, 255, image.shape)
    image[:, : width // 2, 2], image[:, width // 2 :, 2] = 0, 255
    image[:, : width // 2, 1], image[:, width // 2 :, 1] = 255, 0
    return VideoFrame.from_ndarray(image, format="bgr24")


def encoded(pictures: list[VideoFrame], max_wh: Size | None = None, max_bytes: int = 2_000_000) -> Iterator[Frame]:
    encoder = Encoder(85, max_wh, max_bytes, lambda _: None)
    return (Frame.from_jpeg(encoder.encode(Shown(picture))[0], "yard") for picture in pictures)


WAYS = {
    "pictures shrunk to fit a record": encoded([a_picture(FULL), *[a_picture(FULL, noise=True)] * 2], None, 20_000),
    "--max-size": encoded([a_picture(FULL)] * 3, (500, 500)),
    "a camera that changes its profile": encoded([a_picture(wh) for wh in (FULL, (640, 360), FULL, (1920, 1080))]),
    "a browser that scales down": encoded([a_picture(wh) for wh in (FULL, (960, 540), (480, 270), (320, 180))]),
}


@pytest.mark.parametrize("way", WAYS)
def test_a_zone_covers_the_same_part_whatever_makes_the_picture_smaller(way: str) -> None:
    state, sizes = Memory(), set()
    for frame in WAYS[way]:
        sizes.add(frame.size_wh)
        shown = redact(looked_at(frame), state, (), motion=False, zones=(ZONE,))
        red = cv2.inRange(shown.image, (0, 0, 100), (90, 90, 255))
        assert cv2.countNonZero(red) <= 2 * frame.size_wh[1]  # a JPEG smears the border by a pixel or two
        assert shown.redaction is not None
        assert shown.redaction.covered == pytest.approx(0.5, abs=0.01)
    assert sizes != {FULL}
