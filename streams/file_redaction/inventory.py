"""What a video file holds beside the pictures of its video: how they are shown, its sound, and what is left out."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import av

from functions.core.frame import Size
from streams.video.choice import choose
from streams.video.decoding import LIMITS

_USUAL_RATE = Fraction(25)
# Written by what made the file, about its form and not about what it shows.
_OF_THE_FORM = frozenset(
    [
        "major_brand",
        "minor_version",
        "compatible_brands",
        "handler_name",
        "vendor_id",
        "encoder",
        "duration",
        "language",
    ]
)
_NAMES = {"video": "other video stream", "subtitle": "subtitle track", "attachment": "attachment"}


@dataclass(frozen=True)
class Colours:
    """How its pixels are to be read, as FFmpeg numbers it: matrix, range, primaries and transfer curve."""

    matrix: int
    range: int
    primaries: int
    transfer: int


@dataclass(frozen=True)
class Inventory:
    """The file's size, time base, frames a second and shape of pixels; `left_out` counts what no result has."""

    size_wh: Size
    time_base: Fraction
    rate: Fraction
    aspect: Fraction
    colours: Colours
    sound: tuple[str, ...]
    left_out: dict[str, int] = field(default_factory=dict)


def inventory_of(path: Path) -> Inventory:
    """Look into a file that can be opened. Raises av.FFmpegError where it cannot."""
    with av.open(str(path.resolve()), metadata_errors="replace", container_options=LIMITS) as container:
        stream = choose(container)
        context = stream.codec_context
        return Inventory(
            (context.width, context.height),
            stream.time_base,
            stream.average_rate or stream.guessed_rate or _USUAL_RATE,
            stream.sample_aspect_ratio or Fraction(1),
            Colours(context.colorspace, context.color_range, context.color_primaries, context.color_trc),
            tuple(each.codec_context.name if each.codec_context else "unknown" for each in container.streams.audio),
            dict(_left_out(container, stream)),
        )


def _left_out(container: Any, chosen: Any) -> Counter[str]:
    others = [each for each in container.streams if each is not chosen and each.type != "audio"]
    count = Counter(_NAMES.get(each.type, "data stream") for each in others)
    count["chapter"] = len(container.chapters())
    metadata = [container.metadata, *(each.metadata for each in container.streams)]
    count["metadata tag"] = sum(key.lower() not in _OF_THE_FORM for each in metadata for key in each)
    return +count
