"""Pixels that the stages of a worker share: what only finds something passes the bytes of a picture on as they came."""

from __future__ import annotations

import os
from threading import Lock

from cachetools import LRUCache, cached

from functions.core import jpeg as codec
from functions.core.jpeg import Decode, Image

# Bytes of pixels: what a core's cameras send while a redactor looks ahead, 12 pictures of 1280x720.
_OF_A_CORE = 32 * 1024 * 1024


def sharing() -> Decode:
    """`functions.core.jpeg.decode`, with the pictures that were decoded last at hand; threads may share it."""
    most = _OF_A_CORE * len(os.sched_getaffinity(0))

    @cached(LRUCache(most, getsizeof=lambda image: int(image.nbytes)), lock=Lock())
    def decoded(jpeg: bytes) -> Image:
        return codec.decode(jpeg)

    # A copy takes a tenth of the time: what a function does to its pixels, no other sees.
    return lambda jpeg: decoded(jpeg).copy()
