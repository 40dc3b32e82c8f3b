"""Small videos and pictures with what cameras and phones put into them, made for a test."""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np

from functions.core.jpeg import Image
from streams.video.decoding import Video, open_video
from streams.video.shown import Shown

# Each orientation as an MP4 says it: where its matrix puts (x, y), and how pixels are stored so that they end upright.
MATRICES = {
    1: (1, 0, 0, 1),
    2: (-1, 0, 0, 1),
    3: (-1, 0, 0, -1),
    4: (1, 0, 0, -1),
    5: (0, 1, 1, 0),
    6: (0, 1, -1, 0),
    7: (0, -1, -1, 0),
    8: (0, -1, 1, 0),
}


def corners(width: int = 64, height: int = 48) -> Image:
    """Red top left, green top right, blue bottom left, white bottom right."""
    image = np.full((height, width, 3), 255, np.uint8)
    image[: height // 2, : width // 2] = 0, 0, 255
    image[: height // 2, width // 2 :] = 0, 255, 0
    image[height // 2 :, : width // 2] = 255, 0, 0
    return image


def read(image: Image) -> str:
    """The four corners as letters: top left, top right, bottom left, bottom right."""
    colours = {"R": (0, 0, 255), "G": (0, 255, 0), "B": (255, 0, 0), "W": (255, 255, 255)}
    height, width = image.shape[:2]
    found = (image[y, x].astype(int) for y in (height // 4, -height // 4) for x in (width // 4, -width // 4))
    return "".join(min(colours, key=lambda name: abs(each - colours[name]).sum()) for each in found)


def stored(image: Image, orientation: int) -> Image:
    """The pixels as a camera stores them which then says that they are of this orientation."""
    turned = {
        1: image,
        2: image[:, ::-1],
        3: image[::-1, ::-1],
        4: image[::-1],
        5: image.swapaxes(0, 1),
        6: np.rot90(image),
        7: image[::-1, ::-1].swapaxes(0, 1),
        8: np.rot90(image, -1),
    }
    return np.ascontiguousarray(turned[orientation])


def film(
    path: Path, images: Sequence[Image], codec: str = "mpeg4", rate: int = 10, aspect: int = 1, **options: str
) -> Path:
    """A video of these pictures; `aspect` is that of a pixel, width by height."""
    with _time_shared(), av.open(str(path), "w") as container:
        stream: Any = container.add_stream(codec, rate=rate)
        stream.height, stream.width = images[0].shape[:2]
        stream.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
        stream.options = options
        stream.codec_context.sample_aspect_ratio = aspect
        for image in images:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="bgr24")))
        container.mux(stream.encode(None))
    return path


@contextmanager
def _time_shared() -> Iterator[None]:
    """SVT-AV1, run by root, makes its caller a real-time thread, before which all that others start gets no turn."""
    policy, priority = os.sched_getscheduler(0), os.sched_getparam(0)
    yield
    os.sched_setscheduler(0, policy, priority)


def with_matrix(path: Path, a: float, b: float, c: float, d: float) -> Path:
    """The MP4 or MOV with this display matrix in its first track's header."""
    one, zero = struct.pack(">i", 65536), bytes(4)
    data, track = path.read_bytes(), path.read_bytes().index(b"tkhd")
    upright = one + 3 * zero + one
    w, x, y, z = (struct.pack(">i", round(value * 65536)) for value in (a, b, c, d))
    path.write_bytes(data[:track] + data[track:].replace(upright, w + x + zero + y + z, 1))
    return path


def tiff(orientation: int) -> bytes:
    """A block of EXIF that holds an orientation."""
    return struct.pack("<2sHIHHHIHHI", b"II", 42, 8, 1, 0x0112, 3, 1, orientation, 0, 0)


def jpeg_with_exif(image: Image, orientation: int) -> bytes:
    """A JPEG that says so in its EXIF."""
    plain = cv2.imencode(".jpg", image)[1].tobytes()
    exif = b"Exif\0\0" + tiff(orientation)
    return plain[:2] + b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif + plain[2:]


def png_with_exif(image: Image, orientation: int, before: bytes = b"IDAT") -> bytes:
    """A PNG that says so in a chunk before its picture, or before IEND."""
    plain = cv2.imencode(".png", image)[1].tobytes()
    exif = b"eXIf" + tiff(orientation)
    at = plain.index(before) - 4
    return plain[:at] + struct.pack(">I", len(exif) - 4) + exif + struct.pack(">I", zlib.crc32(exif)) + plain[at:]


def webp_with(image: Image, chunk: bytes, data: bytes) -> bytes:
    """A WebP with a chunk of EXIF or XMP."""
    height, width = image.shape[:2]
    flags = {b"EXIF": 8, b"XMP ": 4}[chunk]
    extended = struct.pack("<4sIB3x", b"VP8X", 10, flags) + _24_bit(width - 1) + _24_bit(height - 1)
    picture = cv2.imencode(".webp", image)[1].tobytes()[12:]
    body = b"WEBP" + extended + picture + chunk + struct.pack("<I", len(data)) + data + bytes(len(data) % 2)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def tiff_with_orientation(image: Image, orientation: int) -> bytes:
    """A TIFF of one strip, uncompressed."""
    height, width = image.shape[:2]
    pixels = image[:, :, ::-1].tobytes()
    tags = [(256, width), (257, height), (258, 8), (259, 1), (262, 2), (273, 8), (274, orientation)]
    tags += [(277, 3), (278, height), (279, len(pixels))]
    entries = b"".join(struct.pack("<HHII", tag, 4 if tag in (273, 279) else 3, 1, value) for tag, value in tags)
    at = 8 + len(pixels)
    return struct.pack("<2sHI", b"II", 42, at) + pixels + struct.pack("<H", len(tags)) + entries + bytes(4)


def video_of(path: Path) -> Video:
    """The video, open."""
    return open_video(str(path))


def images(path: Path) -> list[Image]:
    """Every frame of a video, as shown."""
    with video_of(path) as video:
        return [as_image(moment.picture()) for moment in video.moments(print)]


def as_image(picture: bytes | Shown) -> Image:
    """What a viewer sees of it."""
    if isinstance(picture, Shown):
        return picture.image()
    return np.asarray(cv2.imdecode(np.frombuffer(picture, np.uint8), cv2.IMREAD_COLOR), np.uint8)


def _24_bit(value: int) -> bytes:
    return value.to_bytes(3, "little")


def heif(path: Path, image: Image, codec: str, properties: bytes = b"", count: int = 0) -> Path:
    """A HEIC or AVIF of one picture, built from one frame of the codec, with further properties of it."""
    clip = film(path.with_suffix(".mp4"), [image] * 3, codec)
    with av.open(str(clip)) as container:
        stream = container.streams.video[0]
        config = bytes(stream.codec_context.extradata or b"")
        data = bytes(next(container.demux(stream)))
    kind, item, brand = (b"av1C", b"av01", b"avif") if "av1" in codec else (b"hvcC", b"hvc1", b"heic")
    height, width = image.shape[:2]
    size = _full_box(b"ispe", struct.pack(">II", width, height))
    owned = box(b"ipco", box(kind, config) + size + properties)
    numbers = [0x81, 2, *range(3, 3 + count)]
    belongs = _full_box(b"ipma", struct.pack(">IHB", 1, 1, len(numbers)) + bytes(numbers))
    handler = _full_box(b"hdlr", struct.pack(">I4s12xB", 0, b"pict", 0))
    entry = box(b"infe", struct.pack(">IHH4sB", 2 << 24, 1, 0, item, 0))
    inner = handler + _full_box(b"pitm", struct.pack(">H", 1)) + _full_box(b"iinf", struct.pack(">H", 1) + entry)
    inner += box(b"iprp", owned + belongs)
    begin = box(b"ftyp", brand + bytes(4) + b"mif1" + brand)
    located = 12 + 18  # the length of the box that follows
    offset = len(begin) + 12 + len(inner) + located + 8
    place = struct.pack(">BBHHHHII", 0x44, 0, 1, 1, 0, 1, offset, len(data))
    inner += _full_box(b"iloc", place)
    path.write_bytes(begin + _full_box(b"meta", inner) + box(b"mdat", data))
    return path


def box(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data) + 8) + name + data


def _full_box(name: bytes, data: bytes) -> bytes:
    return box(name, bytes(4) + data)
