"""Single pictures of any kind that can be read."""

from __future__ import annotations

import io
from pathlib import Path

import av
from av import VideoFrame

from functions.core import jpeg
from functions.core.jpeg import JpegError
from streams.video.decoding import NoVideoError, VideoError, open_video
from streams.video.encoder import is_complete
from streams.video.shown import Shown

PICTURES = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".webp", ".tif", ".tiff"})


def is_picture(path: Path) -> bool:
    """Whether the file is a single picture, going by its name."""
    return path.suffix.lower() in PICTURES


def read_picture(path: Path) -> bytes | Shown:
    """A complete JPEG's bytes, any other picture decoded. Raises JpegError, which names the file."""
    try:
        return _read(path.read_bytes())
    except (OSError, JpegError, VideoError, av.FFmpegError) as error:
        why = str(error) if isinstance(error, JpegError | VideoError) else "it cannot be read"
        raise JpegError(f"{path.name}: {why}") from None


def _read(data: bytes) -> bytes | Shown:
    if data.startswith(b"\xff\xd8"):
        return _whole_jpeg(data)
    try:
        with open_video(io.BytesIO(data)) as video:
            return next(video.moments(lambda text: None)).picture()
    except (NoVideoError, StopIteration):
        raise JpegError(f"expected a picture, got {len(data)} bytes that are none") from None


def _whole_jpeg(data: bytes) -> bytes | Shown:
    """Raises JpegError for one that is cut."""
    if is_complete(data):
        return data
    return Shown(VideoFrame.from_ndarray(jpeg.decode(data), format="bgr24"))
