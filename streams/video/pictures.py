"""Single pictures of any kind that can be read."""

from __future__ import annotations

import io
from pathlib import Path

import av
import numpy as np
from av import VideoFrame

from functions.core import jpeg
from functions.core.jpeg import MAX_PIXELS, JpegError
from streams.video.decoding import NoVideoError, VideoError, open_video
from streams.video.encoder import is_complete
from streams.video.shown import Shown

_JPEGS = frozenset({".jpg", ".jpeg", ".jpe", ".jfif"})
_HEICS = frozenset({".heic", ".heif", ".hif"})
# What a folder of pictures may hold; of one that moves, the first picture.
PICTURES = _JPEGS | _HEICS | {".png", ".bmp", ".dib", ".webp", ".tif", ".tiff", ".avif", ".gif", ".jp2", ".ppm", ".pgm"}
# Pictures by their names, which nothing here can read.
_NOT_READ = frozenset({".jxl", ".svg", ".psd", ".ico", ".raw", ".dng", ".cr2", ".cr3", ".nef", ".arw", ".orf", ".rw2"})
# As ISO base media files say it, after their first length.
_HEIC_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"mif1", b"msf1"})


def is_picture(path: Path) -> bool:
    """Whether the file is a single picture, going by its name: a GIF may be a film."""
    return path.suffix.lower() in PICTURES - {".gif"}


def kind_not_read(path: Path) -> bool:
    """Whether the file is a picture of a kind that is not read, going by its name."""
    return path.suffix.lower() in _NOT_READ


def read_picture(path: Path) -> bytes | Shown:
    """A complete JPEG's bytes, any other picture decoded. Raises JpegError."""
    try:
        return _read(path.read_bytes())
    except (OSError, JpegError, VideoError, av.FFmpegError) as error:
        why = str(error) if isinstance(error, JpegError | VideoError) else "it cannot be read"
        raise JpegError(why) from None


def _read(data: bytes) -> bytes | Shown:
    if data.startswith(b"\xff\xd8"):
        return _whole_jpeg(data)
    if data[4:8] == b"ftyp" and data[8:12] in _HEIC_BRANDS:
        return _heic(data)
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


def _heic(data: bytes) -> Shown:
    """Upright already. Of tiles, as phones write it, which FFmpeg would give one by one."""
    import pi_heif  # here, since it takes as long to load as a producer's start may

    try:
        file = pi_heif.open_heif(io.BytesIO(data), bgr_mode=True)
        width, height = file.size
        if width * height > MAX_PIXELS:
            raise JpegError(f"expected a picture of at most {MAX_PIXELS} pixels, got {width}x{height}")
        return Shown(VideoFrame.from_ndarray(np.ascontiguousarray(np.asarray(file)[:, :, :3]), format="bgr24"))
    except (ValueError, OSError, EOFError) as error:
        raise JpegError(f"expected a HEIC, got one that cannot be read: {error}") from None
