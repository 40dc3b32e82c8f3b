"""What a stream shows: the newest picture in the stream's size, or a grey one with the camera's name."""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass
from statistics import median

import numpy as np
from av import VideoFrame

from functions.core import jpeg as codec
from functions.core.frame import Size
from functions.core.jpeg import Image, JpegError
from functions.geometry.drawing import HIDDEN, Pen, plain
from functions.geometry.letterbox import Letterbox

# Of a source of which no picture has come yet.
SIZE_WH: Size = (1280, 720)
_MOST_WH, _LEAST = (3840, 2160), 16
_GREY = 128  # never black, which is what hidden people are
_SILENCE_S, _LONGEST_S, _GAPS = 2.0, 60.0, 5


@dataclass(frozen=True)
class Shot:
    """A picture that came at `came_at` (seconds since the epoch) and is shown until `until` (time.monotonic())."""

    jpeg: bytes
    came_at: float
    until: float


class Rhythm:
    """How long the picture of a source is shown: two seconds, or twice its usual time from one to the next."""

    def __init__(self) -> None:
        self._gaps: deque[float] = deque(maxlen=_GAPS)
        self._last: float | None = None

    def until(self, now: float) -> float:
        """Until when the picture that has come now is shown; times of time.monotonic()."""
        if self._last is not None:
            self._gaps.append(now - self._last)
        self._last = now
        usual_s = median(self._gaps) if self._gaps else 0.0
        return now + min(max(_SILENCE_S, 2 * usual_s), _LONGEST_S)


def size_of_stream(size_wh: Size) -> Size:
    """The size of a stream whose first picture is of this size: both sides even, as H.264 wants them."""
    scale = min(1.0, *(most / side for most, side in zip(_MOST_WH, size_wh, strict=True)))
    width, height = (max(int(side * scale) // 2 * 2, _LEAST) for side in size_wh)
    return width, height


class Screen:
    """Makes the frames of a stream of one source, all of one size."""

    def __init__(self, source: str, size_wh: Size, shot: Shot | None = None) -> None:
        self._source, self._size_wh = source, size_wh
        self._shot = shot
        self._shown: Shot | None = None
        self._came_at: float | None = None
        self._frame = self._grey()

    def show(self, shot: Shot) -> None:
        """Have this picture shown from now on, for as long as it says."""
        self._shot = shot

    def frame(self, now: float) -> VideoFrame:
        """The frame to send now (time.monotonic()), the same one where nothing has changed."""
        shot = self._shot if self._shot and now < self._shot.until else None
        if shot is not self._shown:
            self._shown = shot
            self._frame = self._grey() if shot is None else self._picture(shot)
        return self._frame

    def _picture(self, shot: Shot) -> VideoFrame:
        try:
            image = codec.decode(shot.jpeg, max(self._size_wh))
        except JpegError:
            return self._grey()
        self._came_at = shot.came_at
        if image.shape[1::-1] != self._size_wh:
            image = _fitted(image, self._size_wh)
        return VideoFrame.from_ndarray(image, format="bgr24").reformat(format="yuv420p")

    def _grey(self) -> VideoFrame:
        width, height = self._size_wh
        image: Image = np.full((height, width, 3), _GREY, np.uint8)
        pen = Pen(line=max(1, width // 640), text=max(0.4, width / 900))
        for line, text in enumerate((plain(self._source), self._since())):
            pen.words(image, text, (0.05 * width, (0.4 + 0.15 * line) * height, width, height), HIDDEN)
        return VideoFrame.from_ndarray(image, format="bgr24").reformat(format="yuv420p")

    def _since(self) -> str:
        if self._came_at is None:
            return "no picture yet"
        return time.strftime("no picture since %Y-%m-%d %H:%M:%S", time.localtime(self._came_at))


def _fitted(image: Image, size_wh: Size) -> Image:
    """The whole image in another size, with grey where its shape is another."""
    place = Letterbox.fit((image.shape[1], image.shape[0]), size_wh, centred=True)
    return place.draw(image, _GREY)
