"""Image bombs: small JPEGs that ask for much memory or time. `python -m tests.fuzz.bombs` opens one, from its input.

Prints a line a way of opening it: its name, seconds of CPU, the peak of memory in MiB so far, and what came of it.
"""

from __future__ import annotations

import io
import struct
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress

import av
import cv2
import msgpack
import numpy as np

from functions.core import jpeg
from functions.core.jpeg import QUALITY, JpegError
from streams.video import decoding
from streams.video.decoding import VideoError
from streams.video.encoder import Encoder
from streams.wire import records
from streams.wire.records import RecordError
from tests.fuzz.replay import peak_mib
from tests.make_vectors import PLAIN

RUN = 32_767  # of blocks without a coefficient: the longest that one symbol says


def _segment(marker: int, payload: bytes) -> bytes:
    return bytes([0xFF, marker]) + struct.pack(">H", len(payload) + 2) + payload


def _one_code(kind: int, symbol: int) -> bytes:
    """A Huffman table whose only code, a single 0, is this symbol."""
    return _segment(0xC4, bytes([kind, 1, *[0] * 15, symbol]))


def scans(width: int, height: int, number: int) -> bytes:
    """A progressive picture of so many scans, each of which goes over all of it and says nothing in a few bytes.

    ITU-T T.81, G.1: first the DC of its three components, then the bits of each coefficient, one by one.
    """
    blocks = -(-width // 8) * -(-height // 8)
    frame = struct.pack(">BHHB", 8, height, width, 3) + b"".join(bytes([each, 0x11, 0]) for each in (1, 2, 3))
    tables = _segment(0xDB, b"\0" + b"\1" * 64) + _segment(0xC2, frame) + _one_code(0, 0) + _one_code(0x10, 0xE0)
    dc = _segment(0xDA, bytes([3, 1, 0, 2, 0, 3, 0, 0, 0, 13])) + bytes(-(-3 * blocks // 8))
    runs = ("0" + f"{RUN - 2**14:014b}") * -(-blocks // RUN)
    bits = runs.ljust(-(-len(runs) // 8) * 8, "1")
    empty = int(bits, 2).to_bytes(len(bits) // 8, "big").replace(b"\xff", b"\xff\0")
    ac = b"".join(head + empty for _, head in zip(range(number - 1), _bit_by_bit(), strict=False))
    return b"\xff\xd8" + tables + dc + ac + b"\xff\xd9"


def _bit_by_bit() -> Iterator[bytes]:
    """The heads of scans that each add a bit to one coefficient; then the same again."""
    while True:
        for low in range(13, -1, -1):
            for coefficient in range(1, 64):
                bits = (low + 1 if low < 13 else 0) << 4 | low
                for component in (1, 2, 3):
                    yield _segment(0xDA, bytes([1, component, 0, coefficient, coefficient, bits]))


def noise(width: int, height: int, quality: int) -> bytes:
    """A progressive picture with as much to decode as a file of its size can have."""
    dice = np.random.default_rng(1).integers(0, 255, (height // 5, width // 5, 3), np.uint8)
    image = cv2.resize(dice, (width, height), interpolation=cv2.INTER_NEAREST)
    way = [cv2.IMWRITE_JPEG_PROGRESSIVE, 1, cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444]
    return cv2.imencode(".jpg", image, [*way, cv2.IMWRITE_JPEG_QUALITY, quality])[1].tobytes()


def large(width: int, height: int) -> bytes:
    """A picture in one scan that says it is of this size, and is not."""
    small = cv2.imencode(".jpg", np.zeros((16, 16, 3), np.uint8))[1].tobytes()
    at = small.index(b"\xff\xc0") + 5
    return small[:at] + struct.pack(">HH", height, width) + small[at + 4 :]


BOMBS: dict[str, Callable[[], bytes]] = {
    "20,000 x 20,000": lambda: large(20_000, 20_000),
    "the largest in one scan": lambda: large(8000, 5000),
    "65,535 scans": lambda: scans(640, 480, 65_535),
    "65,535 scans of 20,000 x 20,000": lambda: scans(16_000, 2_500, 65_535),
    "100 scans of the largest": lambda: scans(5000, 4000, 100),
    "3 MB, progressive": lambda: noise(5000, 4000, 10),
}


def _record(bomb: bytes) -> None:
    width, height = jpeg.read_header(bomb).size_wh
    records.to_frame(records.decode(_packed(bomb, width, height), 8_000_000)).image  # noqa: B018


def _packed(bomb: bytes, width: int, height: int) -> bytes:
    packed: bytes = msgpack.packb(PLAIN | {"jpeg": bomb, "size_wh": [width, height]})
    return packed


def _camera(bomb: bytes) -> None:
    """A motion JPEG of it, whole and cut: the second is left to FFmpeg."""
    encoder = Encoder(QUALITY, (1920, 1080), records.MAX_RECORD_BYTES, lambda text: None)
    for frame in (bomb, bomb[:-2]):
        with decoding.open_video(io.BytesIO(frame), format="mjpeg") as video:
            for moment in video.moments(lambda text: None):
                with suppress(JpegError):
                    encoder.encode(moment.picture())


WAYS: dict[str, Callable[[bytes], object]] = {"decode": jpeg.decode, "record": _record, "camera": _camera}


def main(bomb: bytes) -> None:
    """Open a bomb in every way."""
    for way, opened in WAYS.items():
        began = time.process_time()
        try:
            opened(bomb)
            outcome = "taken"
        except (JpegError, RecordError, VideoError) as error:
            outcome = str(error)
        print(way, f"{time.process_time() - began:.2f}", peak_mib(), outcome)


if __name__ == "__main__":
    av.logging.set_level(av.logging.PANIC)
    main(sys.stdin.buffer.read())
