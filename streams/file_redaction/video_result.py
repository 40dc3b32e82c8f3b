"""A redacted video: one video stream with the stamps, the size, the shape of pixels and the colours of its source."""

from __future__ import annotations

import math
from fractions import Fraction
from pathlib import Path
from typing import Any, BinaryIO, Literal, NamedTuple

import av
import cv2
import numpy as np
from av import VideoFrame

from functions.core.frame import Frame, Size
from functions.core.jpeg import Image
from streams.file_redaction.inventory import Inventory
from streams.file_redaction.place import ResultError
from streams.file_redaction.sound import Audio, Sound, sound_of
from streams.file_redaction.stamps import Stamps
from streams.video.even import even

Codec = Literal["h264", "h265"]


class _Encoder(NamedTuple):
    """FFmpeg's name of an encoder, the quality that is asked for where nobody says, and its options."""

    name: str
    crf: int
    options: dict[str, str]


ENCODERS: dict[Codec, _Encoder] = {
    "h264": _Encoder("libx264", 23, {"preset": "veryfast"}),
    "h265": _Encoder("libx265", 28, {"preset": "fast", "x265-params": "log-level=error"}),
}
# The containers of results, as FFmpeg names them; a source of any other becomes an MP4.
CONTAINERS = {".mp4": "mp4", ".m4v": "mp4", ".mov": "mov", ".mkv": "matroska"}


class Form(NamedTuple):
    """How results are encoded, and what is heard."""

    codec: Codec = "h264"
    crf: int | None = None
    audio: Audio = "none"


class VideoResult:
    """Writes redacted frames and nothing else of the source but what `form.audio` keeps. Raises ResultError."""

    def __init__(self, file: BinaryIO, result: Path, source: Path, inventory: Inventory, form: Form) -> None:
        self._source, self._inventory, self._form = source, inventory, form
        self._container = av.open(file, "w", format=CONTAINERS[result.suffix.lower()])
        self._stamps = Stamps(inventory.time_base, inventory.rate)
        self._shape: tuple[Size, Fraction] | None = None
        self._stream: Any = None
        self._sound: Sound | None = None
        self.frames = 0

    @property
    def mended(self) -> int:
        """How many stamps could not stay as they were."""
        return self._stamps.mended

    def write(self, frame: Frame, pts: int | None) -> None:
        """Write one frame; those of another size than the first are scaled to it."""
        if self._shape is None:
            self._shape = shape_of(frame.size_wh, self._inventory)
            self._start(*self._shape)
        picture = self._picture(even(_sized(frame.image, self._shape[0])))
        picture.pts, picture.time_base = self._stamps.of(pts), self._stamps.unit
        if self._sound:
            self._sound.until(float(picture.pts * picture.time_base), self._container.mux)
        self._container.mux(self._stream.encode(picture))
        self.frames += 1

    def close(self) -> None:
        """Write what is left and the index. Raises ResultError where there was no frame."""
        if self._stream is None:
            raise ResultError(f"{self._source}: expected frames, got none that can be read")
        if self._sound:
            self._sound.until(math.inf, self._container.mux)
        self._container.mux(self._stream.encode(None))
        self._container.close()

    def _start(self, size_wh: Size, aspect: Fraction) -> None:
        encoder, colours = ENCODERS[self._form.codec], self._inventory.colours
        if encoder.name not in av.codecs_available:
            raise ResultError(f"expected an encoder {encoder.name} in this PyAV, got none: --codec chooses another")
        crf = encoder.crf if self._form.crf is None else self._form.crf
        stream: Any = self._container.add_stream(encoder.name, self._inventory.rate)
        stream.options = encoder.options | {"crf": str(crf)}
        stream.width, stream.height = (side + side % 2 for side in size_wh)
        stream.pix_fmt = "yuv420p"
        context = stream.codec_context
        context.time_base, context.sample_aspect_ratio = self._stamps.unit, aspect
        context.colorspace, context.color_range = colours.matrix, colours.range
        context.color_primaries, context.color_trc = colours.primaries, colours.transfer
        context.thread_type = "FRAME"
        if encoder.name == "libx265":
            context.codec_tag = "hvc1"
        self._stream = stream
        self._sound = sound_of(self._form.audio, self._source, bool(self._inventory.sound), self._container)

    def _picture(self, image: Image) -> VideoFrame:
        colours = self._inventory.colours
        return VideoFrame.from_ndarray(image, format="bgr24").reformat(
            format="yuv420p", dst_colorspace=colours.matrix, dst_color_range=colours.range, threads=1
        )


def shape_of(shown_wh: Size, inventory: Inventory) -> tuple[Size, Fraction]:
    """The size of a result whose frames are shown in that size, and its pixels' aspect: those of the source."""
    (width, height), aspect = inventory.size_wh, inventory.aspect
    square_wh = max(round(width * float(aspect)), 1), height
    if shown_wh == square_wh:
        return (width, height), aspect
    if shown_wh == square_wh[::-1]:
        return (height, width), 1 / aspect
    return shown_wh, Fraction(1)


def check_whole(path: Path, frames: int) -> None:
    """Read a result again: a disk that was full may have said nothing. Raises ResultError."""
    found = 0
    try:
        with av.open(str(path)) as container:
            found = sum(packet.size > 0 for packet in container.demux(video=0))
    except av.FFmpegError:
        pass
    if found != frames:
        raise ResultError(f"{path}: expected {frames} frames in what was written, got {found}: is the disk full?")


def _sized(image: Image, size_wh: Size) -> Image:
    if image.shape[1::-1] == size_wh:
        return image
    return cv2.resize(image, size_wh, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)
