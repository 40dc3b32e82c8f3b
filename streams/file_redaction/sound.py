"""The sound of a result: packets of the source as they are, or silence of the same length; by default there is none."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any, Literal, Protocol

import av
import numpy as np
from av import AudioFrame

from streams.file_redaction.place import ResultError

Audio = Literal["none", "keep", "mute"]
AUDIO: tuple[Audio, ...] = ("none", "keep", "mute")
_RATE, _SAMPLES = 48_000, 1024

Mux = Callable[[Any], None]


class Sound(Protocol):
    """What is heard, written along with the pictures."""

    def until(self, at_s: float, mux: Mux) -> None:
        """Write what begins before this time; all that is left where it is infinite."""
        ...


class Kept:
    """The packets of all sound tracks of a file, without their names and languages. Raises ResultError."""

    def __init__(self, source: Path, container: Any) -> None:
        self._container = av.open(str(source.resolve()), metadata_errors="replace")
        tracks = list(self._container.streams.audio)
        try:
            self._streams = {track.index: container.add_stream_from_template(track) for track in tracks}
        except (av.FFmpegError, ValueError) as error:
            names = ", ".join(track.codec_context.name if track.codec_context else "unknown" for track in tracks)
            raise ResultError(f"its sound ({names}) does not fit into {container.format.name}: {error}") from None
        self._packets = self._demuxed(tracks)
        self._next = next(self._packets, None)

    def until(self, at_s: float, mux: Mux) -> None:
        while self._next is not None and float(self._next.dts * self._next.time_base) < at_s:
            mux(self._next)
            self._next = next(self._packets, None)

    def _demuxed(self, tracks: list[Any]) -> Iterator[Any]:
        with self._container as container:
            for packet in container.demux(tracks):
                if packet.dts is not None and packet.size:
                    packet.stream = self._streams[packet.stream.index]
                    yield packet


class Muted:
    """A silent track that ends with the pictures."""

    def __init__(self, container: Any) -> None:
        self._stream = container.add_stream("aac", rate=_RATE, layout="stereo")
        self._samples = 0
        self._until_s = 0.0

    def until(self, at_s: float, mux: Mux) -> None:
        ends = at_s == float("inf")
        self._until_s = self._until_s if ends else at_s
        while self._samples < self._until_s * _RATE:
            frame = AudioFrame.from_ndarray(np.zeros((2, _SAMPLES), np.float32), format="fltp", layout="stereo")
            frame.sample_rate, frame.pts, frame.time_base = _RATE, self._samples, Fraction(1, _RATE)
            self._samples += _SAMPLES
            mux(self._stream.encode(frame))
        if ends:
            mux(self._stream.encode(None))


def sound_of(audio: Audio, source: Path, has_sound: bool, container: Any) -> Sound | None:
    """The tracks of a result, added to its container; None where it has none."""
    if audio == "none" or not has_sound:
        return None
    return Kept(source, container) if audio == "keep" else Muted(container)
