"""What of a video did not come: counted while it is read, said in numbers when it has ended."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# How much sooner than its header says a video may end: headers are rounded.
_ROUNDING_FRAMES, _ROUNDING_S = 3, 1.0
# Frames that a decoder leaves out without a word where a film was cut: they refer to what is not there.
_LEADING_FRAMES = 8
_BOXES_AT_MOST = 1000
_TS_PACKETS = (188, 192, 204)
_DURATION = re.compile(r"(\d+):(\d\d):(\d\d(?:\.\d+)?)")


@dataclass
class Losses:
    """Packets that came, those that are cut or did not decode, frames of damaged data; what is `missing` at the end.

    `owed`: frames that must come of the packets since the first key frame, where each packet is one.
    """

    packets: int = 0
    cut: int = 0
    not_decoded: int = 0
    damaged: int = 0
    owed: int = 0
    missing: str = ""

    def __str__(self) -> str:
        return "; ".join(self._parts())

    def _parts(self) -> Iterator[str]:
        lost = max(self.not_decoded, self.owed if self.owed > _LEADING_FRAMES else 0)
        if lost:
            yield f"damaged: {lost} of {self.packets} packets did not decode"
        if incomplete := max(self.cut, self.damaged):  # a cut packet is mostly a damaged frame, some packets later
            yield f"damaged: {incomplete} of {self.packets} packets are incomplete"
        if self.missing:
            yield self.missing


class Promise:
    """How much of a file its header and index promise, read before its first packet."""

    def __init__(self, container: Any, stream: Any) -> None:
        self._frames = _frames(container, stream)
        self._duration_s, self._rounding_s = _duration(container, stream)
        self._step_s = 1 / float(stream.average_rate or 25)
        self._torn = container.format.name == "mpegts" and all(container.size % each for each in _TS_PACKETS)

    def broken(self, packets: int, ended_s: float) -> str:
        """What is missing of a file that gave so many packets, and ended so many seconds after its first."""
        if self._frames is not None:
            missing = self._frames - packets
            return f"cut short: {missing} of {self._frames} frames are missing" if missing > 0 else ""
        if self._torn:
            return f"cut short: it ends within a packet, at {ended_s:.1f} s"
        if self._duration_s - ended_s > max(self._rounding_s, _ROUNDING_FRAMES * self._step_s):
            return f"cut short: it ends at {ended_s:.1f} s of {self._duration_s:.1f} s"
        return ""


def _frames(container: Any, stream: Any) -> int | None:
    """The number of packets, where the index is read with the header."""
    # Not `stream.frames`: it counts what an edit list leaves out.
    count = len(stream.index_entries)
    return count if container.format.name.startswith("mov") and count > 1 else None


def _duration(container: Any, stream: Any) -> tuple[float, float]:
    """Seconds, and how exact they are; 0 where they are not known."""
    if container.format.name == "avi" and stream.duration:
        return float(stream.duration * stream.time_base), 0.0
    if container.format.name not in ("matroska,webm", "flv"):
        return 0.0, 0.0  # where FFmpeg guesses it from the file as it is
    if match := _DURATION.match(stream.metadata.get("DURATION", "")):
        return int(match[1]) * 3600 + int(match[2]) * 60 + float(match[3]), 0.0
    # The whole file's may be that of its sound.
    alone = len(container.streams) == 1 and container.duration is not None
    return (container.duration / 1_000_000 if alone else 0.0), _ROUNDING_S


def has_no_index(place: Any) -> bool:
    """Whether this is an MP4 or MOV on disk whose writer did not come to the end, where it writes the index."""
    if not isinstance(place, str) or not Path(place).is_file():
        return False
    names = set[bytes]()
    with Path(place).open("rb") as file:
        while len(header := file.read(16)) == 16 and len(names) < _BOXES_AT_MOST:
            length, names = int.from_bytes(header[:4], "big"), names | {header[4:8]}
            length = int.from_bytes(header[8:], "big") if length == 1 else length
            if length < 8:
                break
            file.seek(length - 16, 1)
    return bool(names & {b"ftyp", b"wide", b"mdat"}) and b"moov" not in names
