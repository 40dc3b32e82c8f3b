"""`imagebus export`: a part of a recording as one file, its pictures as they were encoded once."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import Any

import av
import click
from tqdm import tqdm

from functions.core.errors import UsageError
from streams import settings
from streams.chain.check import checked
from streams.file_redaction.place import Place
from streams.outputs.moment import Moment
from streams.recording import folder
from streams.recording.camera import GAP_US
from streams.recording.chosen import of_source, recordings
from streams.recording.fragments import UNIT
from streams.recording.listing import clock, moment
from streams.recording.numbers import head_of
from streams.runtime.shutdown import stopped_by_signals
from streams.wire.names import safe

# A gap is shown for so long.
_CUT_US = 1_000_000


@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("source")
@click.argument("since", metavar="FROM", type=Moment())
@click.argument("until", metavar="TO", type=Moment())
@click.argument("clip", metavar="CLIP.mp4", type=click.Path(path_type=Path))
@click.option("--output", "name", default="", metavar="NAME", help="Of this [outputs.NAME], where several have it.")
def export(source: str, since: float, until: float, clip: Path, name: str) -> None:
    """Write what is recorded of SOURCE from one time to another into one MP4, without encoding it again.

    A TIME is 14:30, 14:30:05, 2026-03-01T14:30, or -5m: five minutes ago. The clip begins with the key frame before,
    at most two seconds early; what was not recorded is left out, and said.
    """
    if since >= until:
        raise UsageError("FROM and TO: expected a time and a later one, got the later one first")
    if clip.suffix.lower() != ".mp4" or clip.exists():
        raise UsageError(f"{clip}: expected the name of an .mp4 that is not there yet")
    recording = of_source(recordings(checked(settings.load()), name), source)
    files = folder.files(recording.root, safe(source), since, until)
    with stopped_by_signals() as stop, Place(clip) as place:
        joined = _Joined(place.temporary, source)
        for packet in _between(tqdm(files, unit=" files", disable=None), since, until, stop.event):
            joined.add(packet)
        if not joined.frames:
            raise UsageError(f"{source}: expected frames between these times, got none; imagebus record --list")
        joined.close()
        if stop.number:
            sys.exit(128 + stop.number)
        place.keep()
    first_s, last_s = joined.first_us / 1e6, joined.last_us / 1e6
    click.echo(f"{clip}: {joined.frames:,} frames, {moment(first_s)} to {clock(last_s)} UTC")
    for gap_s, end_s in [(since, first_s), *joined.gaps, (last_s, until)]:
        if end_s - gap_s > GAP_US / 1e6:
            click.echo(f"missing {moment(gap_s)} to {moment(end_s)} UTC")


@dataclass
class _Packet:
    """A packet of a file, and its time in µs since the epoch."""

    packet: Any
    stream: Any
    at: int


def _between(files: Any, since: float, until: float, stop: Event) -> Iterator[_Packet]:
    """The packets of that time, from the last key frame before it on."""
    early: list[_Packet] = []
    for file in files:
        for each in _packets(file):
            if stop.is_set():
                return
            if each.at >= until * 1e6:
                break
            if each.at < since * 1e6:
                early = [each] if each.packet.is_keyframe else [*early, each]
            else:
                yield from (each,) if each.packet.is_keyframe else (*early, each)
                early = []


def _packets(file: folder.File) -> Iterator[_Packet]:
    head = None
    with suppress(OSError):
        head = head_of(file.numbers)
    starts_at = head.starts_at if head else round(file.starts_s * 1e6)
    try:
        with av.open(str(file.video)) as container:
            stream: Any = container.streams.video[0]
            for packet in container.demux(stream):
                if packet.size:
                    yield _Packet(packet, stream, starts_at + round(packet.pts * stream.time_base / UNIT))
    except (av.FFmpegError, IndexError):  # removed meanwhile, or without a picture yet
        return


class _Joined:
    """One file of many files' packets. Raises UsageError where the pictures change their size."""

    def __init__(self, path: Path, source: str) -> None:
        self._source = source
        self._container = av.open(str(path), "w", format="mp4", options={"movflags": "faststart"})
        self._stream: Any = None
        self._form: tuple[int, int, bytes] = (0, 0, b"")
        self._cut_us = self._step_us = 0
        self._waits_for_key = True
        self.first_us = self.last_us = self.frames = 0
        self.gaps: list[tuple[float, float]] = []

    def add(self, each: _Packet) -> None:
        """Add a packet, unless its time is there already."""
        context = each.stream.codec_context
        form = (context.width, context.height, context.extradata or b"")
        if self._stream is None:
            self._begin(each, form)
        if form != self._form:
            raise UsageError(
                f"{self._source}: expected pictures of one size, got {self._form[0]}x{self._form[1]}, and "
                f"{form[0]}x{form[1]} from {moment(each.at / 1e6)} UTC on: export them apart"
            )
        self._waits_for_key = (self._waits_for_key or each.at <= self.last_us) and not (
            each.packet.is_keyframe and each.at > self.last_us
        )
        if not self._waits_for_key:
            self._write(each)

    def close(self) -> None:
        self._container.close()

    def _begin(self, each: _Packet, form: tuple[int, int, bytes]) -> None:
        self._stream = self._container.add_stream_from_template(each.stream)
        self._form, self.first_us, self.last_us = form, each.at, each.at - 1

    def _write(self, each: _Packet) -> None:
        passed_us = each.at - self.last_us
        if self.frames and passed_us > max(GAP_US, 3 * self._step_us):
            self.gaps.append((self.last_us / 1e6, each.at / 1e6))
            self._cut_us += passed_us - _CUT_US
        self.last_us, self._step_us = each.at, passed_us
        self.frames += 1
        packet = each.packet
        packet.stream, packet.time_base = self._stream, UNIT
        packet.pts = packet.dts = each.at - self.first_us - self._cut_us
        packet.duration = round(packet.duration or 0)
        self._container.mux(packet)
