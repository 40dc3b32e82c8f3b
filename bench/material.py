"""What the benches are fed: JPEGs of a clip at a given size, and records made of them."""

from __future__ import annotations

import sys
import time
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import NoReturn

import av
import cv2

from functions import Frame, Hop
from functions.core import jpeg, registry
from streams.wire import records
from tests.streams.chains import FUNCTIONS

RUN = "bbbbbbbbbbbb"
# A redactor's options; alone in its chain file, it believes the detector stub by name.
BELIEVING = 'detectors = ["detect_stub"]'
_BEGIN_US = 1_700_000_000_000_000


def pictures(clip: Path, size_wh: tuple[int, int], count: int) -> list[bytes]:
    """So many of the clip's frames as JPEG, from its start again where it is shorter."""
    with av.open(str(clip)) as container:
        images = [frame.to_ndarray(format="bgr24") for frame in islice(container.decode(video=0), count)]
    encoded = [jpeg.encode(cv2.resize(image, size_wh)) for image in images]
    return [encoded[at % len(encoded)] for at in range(count)]


def record(picture: bytes, seq: int, source: str, live: bool = False) -> bytes:
    """A producer's record: a camera's is captured now, a file's 40 ms after the one before."""
    captured_at = time.time_ns() // 1000 if live else _BEGIN_US + 40_000 * seq
    frame = Frame.from_jpeg(picture, source)
    named = replace(frame, id=f"{RUN}-{seq}", seq=seq, captured_at=captured_at, live=live)
    return records.encode(records.from_frame(named))


def detected(value: bytes) -> bytes:
    """The same record as the detector stub's stage would write it."""
    stub = registry.load([FUNCTIONS])["detect_stub"]
    found = stub.call(records.to_frame(records.decode(value)))
    hop = Hop("detect", stub.name, "1", {}, found.captured_at, 0, 0)
    return records.encode(records.from_frame(replace(found, hops=(hop,))))


def clip_from(arguments: list[str]) -> Path:
    """The video named on the command line; says how where there is none."""
    path = Path(arguments[0]) if arguments and arguments[0] else None
    if path is None or not path.is_file():
        leave(f"expected a video file, got {path}; say `make bench VIDEO=file`")
    return path


def leave(why: str) -> NoReturn:
    """End with exit code 2."""
    print(f"bench: {why}", file=sys.stderr)
    sys.exit(2)
