"""The sections `[cameras.NAME]` of a chain file: the sources that `imagebus cameras` runs."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from msgspec import Meta, Struct

from functions.core.frame import Size
from functions.core.jpeg import QUALITY

_SIZE = re.compile(r"([1-9]\d{0,4})x([1-9]\d{0,4})")


class CameraConf(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One camera as written in the chain file; `url` is all that `imagebus produce` takes.

    Of its frames `fps` a second are sent, or every `every`th. A file or a folder is played again and again.
    """

    url: Annotated[str, Meta(min_length=1)]
    fps: Annotated[float, Meta(gt=0, le=1000)] | None = None
    every: Annotated[int, Meta(ge=1)] | None = None
    topic: Annotated[str, Meta(min_length=1)] = "SOURCE_FRAME"
    max_size: Annotated[str, Meta(pattern="^[1-9][0-9]{0,4}x[1-9][0-9]{0,4}$")] | None = None
    quality: Annotated[int, Meta(ge=1, le=100)] = QUALITY
    transport: Literal["tcp", "udp"] | None = None
    decode: Literal["auto", "all", "keyframes"] = "auto"
    enabled: bool = True

    def __post_init__(self) -> None:
        if self.fps is not None and self.every is not None:
            raise ValueError("expected fps, frames a second, or every, each so many frames, got both")
        if self.every is not None and self.decode == "keyframes":
            raise ValueError("expected fps, frames a second, or none beside decode = keyframes, got every")

    @property
    def max_wh(self) -> Size | None:
        """The size into which larger pictures are scaled."""
        return size_of(self.max_size) if self.max_size else None


def size_of(text: str) -> Size:
    """A size written as 1280x720. Raises ValueError."""
    if not (match := _SIZE.fullmatch(text)):
        raise ValueError(f"expected a size such as 1280x720, got {text}")
    return int(match[1]), int(match[2])
