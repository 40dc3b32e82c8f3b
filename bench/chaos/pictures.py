"""Pictures that tell whether a person shows: magenta where the detector stub finds people, grey noise elsewhere."""

from __future__ import annotations

from functools import cache

import numpy as np

from functions import Frame
from functions.core import jpeg
from functions.core.frame import Picture
from streams.wire import records
from tests.stub_functions import FIVE

_SIZE_WH = (640, 368)
_PERSON_WH = (40, 100)
_MAGENTA = (255, 0, 255)
_BEGIN_US = 1_700_000_000_000_000
_PERIOD_US = 100_000


@cache
def picture(quality: int = 60) -> Picture:
    """The one picture of every record; small, since three brokers and a chain share a small machine."""
    image = np.random.default_rng(1).normal(128, 12, (_SIZE_WH[1], _SIZE_WH[0], 1)).clip(0, 255).astype(np.uint8)
    image = np.repeat(image, 3, axis=2)
    width, height = _PERSON_WH
    for x, y in FIVE[:-1]:  # the last is a car, which is not hidden
        image[y : y + height, x : x + width] = _MAGENTA
    return Picture(jpeg=jpeg.encode(image, quality))


def record(run: str, seq: int, source: str) -> bytes:
    """A record of a file, which no stage may skip."""
    frame = Frame(
        picture=picture(),
        source=source,
        id=f"{run}-{seq}",
        seq=seq,
        captured_at=_BEGIN_US + _PERIOD_US * seq,
        live=False,
    )
    return records.encode(records.from_frame(frame))


def shows_a_person(encoded: bytes) -> bool:
    """Whether anything of the magenta is left."""
    blue, green, red = np.moveaxis(jpeg.decode(encoded).astype(int), 2, 0)
    return bool(((np.minimum(red, blue) - green) > 90).any())
