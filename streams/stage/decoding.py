"""Pixels that the stages of a worker share: what only finds something passes the bytes of a picture on as they came."""

from __future__ import annotations

import os
from collections.abc import Callable
from threading import Lock

from cachetools import LRUCache, cached

from functions.core import jpeg as codec
from functions.core.jpeg import Image

# Bytes of pixels: what a core's cameras send while a redactor looks ahead, 12 pictures of 1280x720.
_OF_A_CORE = 32 * 1024 * 1024


def sharing() -> Callable[[bytes], Image]:
    """`functions.core.jpeg.decode`, with the pictures that were decoded last at hand; threads may share it."""
    most = _OF_A_CORE * len(os.sched_getaffinity(0))

    @cached(LRUCache(most, getsizeof=lambda image: int(image.nbytes)), lock=Lock())
    def decode(jpeg: bytes) -> Image:
        image = codec.decode(jpeg)
        image.flags.writeable = False  # it is several functions' by then
        return image

    return decode
