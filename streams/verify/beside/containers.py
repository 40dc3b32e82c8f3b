"""What a container holds beside the video that was looked at: other streams, chapters, sound, boxes of its own."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import av
import numpy as np
from av.stream import Disposition

from streams.video.choice import choose

# Full scale is 1: what is as quiet as this is silence.
_SILENT = 1e-3
# Boxes of ISO base media files in which others lie, those that may lie loosely in them, and those of empty space.
_PARENTS = frozenset({b"moov", b"trak", b"udta"})
_SPACE = frozenset({b"free", b"skip", b"wide"})
_USUAL = frozenset({b"meta", b"name", b"\xa9too", b"\xa9swr"})
_HEADER, _DEEPEST = 8, 4
_SPACE_LOOKED_AT = 1 << 20


def streams_beside(path: Path) -> list[str]:
    """Streams other than the video itself and its sound, and chapters."""
    with av.open(str(path.resolve()), metadata_errors="replace") as container:
        chosen = choose(container)
        beside = [_named(each) for each in container.streams if each is not chosen and each.type != "audio"]
        chapters = len(container.chapters())
    with path.open("rb") as file:
        boxes = boxes_of_its_own(file, path.stat().st_size)
    return [*beside, *([f"{chapters} chapters"] if chapters else []), *boxes]


def sound_of(path: Path) -> list[str]:
    """The audio streams in which something can be heard."""
    with av.open(str(path.resolve()), metadata_errors="replace") as container:
        numbers = [stream.index for stream in container.streams.audio]
    return [heard for number in numbers if (heard := _heard(path, number))]


def _heard(path: Path, number: int) -> str:
    with av.open(str(path.resolve()), metadata_errors="replace") as container:
        stream = container.streams[number]
        name = f"audio stream {number}"
        if stream.codec_context is None:
            return f"{name} of a format that is not known"
        loudest = 0.0
        try:
            frames: Iterator[Any] = container.decode(stream)
            for frame in frames:
                loudest = max(loudest, _loudness(frame.to_ndarray()))
        except av.FFmpegError:
            return f"{name} ({stream.codec_context.name}), which cannot be read to its end"
    return f"{name} ({stream.codec_context.name})" if loudest > _SILENT else ""


def _loudness(samples: np.ndarray[Any, Any]) -> float:
    if samples.size == 0:
        return 0.0
    if samples.dtype.kind == "f":
        return float(np.abs(samples).max())
    full = float(np.iinfo(samples.dtype).max)
    middle = (full + 1) / 2 if samples.dtype.kind == "u" else 0.0
    return float(np.abs(samples.astype(np.float64) - middle).max()) / (full - middle)


def _named(stream: Any) -> str:
    kind = "a second video stream" if stream.type == "video" else f"a stream of {stream.type}"
    context = stream.codec_context
    size = f" of {context.width}x{context.height}" if stream.type == "video" and context else ""
    marks = [
        mark.name for mark in Disposition if mark and mark is not Disposition.default and mark & stream.disposition
    ]
    return f"{kind}{size} (stream {stream.index}{''.join(f', {mark}' for mark in marks)})"


def boxes_of_its_own(file: BinaryIO, length: int) -> list[str]:
    """Of an MP4 or MOV of so many bytes, what lies in it that no player needs; of any other file nothing."""
    if file.read(_HEADER)[4:] != b"ftyp":
        return []
    return list(_boxes(file, 0, length, b"", _DEEPEST))


def _boxes(file: BinaryIO, at: int, end: int, parent: bytes, deepest: int) -> Iterator[str]:
    while at + _HEADER <= end:
        file.seek(at)
        length, name = struct.unpack(">I4s", file.read(_HEADER))
        header = _HEADER
        if length == 1:
            (length,), header = struct.unpack(">Q", file.read(_HEADER).ljust(_HEADER, b"\xff")), 2 * _HEADER
        stop = at + length if length >= header else end
        if name in _PARENTS and deepest:
            yield from _boxes(file, at + header, min(stop, end), name, deepest - 1)
        elif name == b"uuid" or (parent == b"udta" and name not in _USUAL and name != b"\0\0\0\0"):
            yield f"a box {_word(name)} of {stop - at} bytes"
        elif name in _SPACE and any(file.read(min(stop - at - header, _SPACE_LOOKED_AT))):
            yield f"{stop - at} bytes in space marked as free, which is not empty"
        at = stop


def _word(name: bytes) -> str:
    return name.decode("latin-1").encode("unicode_escape").decode()
