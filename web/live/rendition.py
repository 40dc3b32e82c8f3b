"""Scaled pictures for small panes: each frame is scaled once for each width, shared by all browsers."""

from __future__ import annotations

import asyncio

import cv2
import numpy as np

from functions.core import jpeg as codec
from functions.core.jpeg import JpegError
from web.live.pairing import LiveFrame

_QUALITY = 80


async def jpeg_of(frame: LiveFrame, width: int | None) -> bytes:
    """The frame's JPEG, no wider than `width`; unchanged where it is not wider or cannot be decoded."""
    if width is None or frame.record.size_wh[0] <= width:
        return frame.record.jpeg
    making = frame.renditions.get(width)
    if making is None:
        making = frame.renditions[width] = asyncio.ensure_future(asyncio.to_thread(_smaller, frame.record.jpeg, width))
    return await asyncio.shield(making)


def _smaller(jpeg: bytes, width: int) -> bytes:
    try:
        image = codec.decode(jpeg)
    except JpegError:
        return jpeg
    height = max(1, round(image.shape[0] * width / image.shape[1]))
    resized = cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA)
    return codec.encode(resized.astype(np.uint8, copy=False), _QUALITY)
