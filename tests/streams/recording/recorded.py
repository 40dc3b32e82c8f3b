"""Frames to record, a recorder beside a test, and what it left on the disk."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import av
import numpy as np
from msgspec import structs

from functions.core.frame import Detection, Frame, Hop, Picture, Redaction
from streams.chain.outputs_section import RecordingConf
from streams.recording.chosen import Recording
from streams.recording.folder import File, files, sources
from streams.recording.numbers import Numbers, read
from streams.recording.recorder import Recorder
from streams.settings import Settings
from streams.wire import records
from streams.wire.names import safe
from tests.bus import offsets, produce_all
from tests.wait import wait_until

TOPIC = "REDACTION_FRAME"
SECOND_US = 1_000_000
MINUTE_US = 60 * SECOND_US
HOPS = (
    Hop("detect", "detect_people", "0.1.0", {"sure": 0.5}, 0, 61_000, 58_000),
    Hop("redact", "redact", "0.1.0", {"strength": 9}, 0, 7_000, 7_000),
)


def a_minute(ago: int = 10) -> int:
    """When a minute began, so many minutes ago, in µs since the epoch."""
    return (time.time_ns() // 1000 // MINUTE_US - ago) * MINUTE_US


@dataclass
class Shooting:
    """A redacted camera; each frame is grey as its number says."""

    source: str = "yard"
    run: str = "0123456789ab"
    size_wh: tuple[int, int] = (64, 48)
    every_us: int = 200_000
    seq: int = 0

    def frame(self, at: int, people: int = 0, doubt: str | None = None) -> Frame:
        """The next frame."""
        width, height = self.size_wh
        seq, self.seq = self.seq, self.seq + 1
        return Frame(
            picture=Picture(image=np.full((height, width, 3), 40 + 5 * (seq % 40), np.uint8)),
            source=self.source,
            id=f"{self.run}-{seq}",
            seq=seq,
            captured_at=at,
            live=True,
            detections=(Detection("person", 0.9, (1.0, 1.0, 9.0, 9.0)),) * people,
            hops=HOPS,
            redaction=Redaction(("person",), "black", 0.25, doubt),
        )

    def frames(self, at: int, count: int) -> list[Frame]:
        """So many frames from that moment on."""
        return [self.frame(at + self.every_us * number) for number in range(count)]


def send(url: str, frames: Sequence[Frame], topic: str = TOPIC) -> None:
    """Put frames on the bus."""
    produce_all(url, topic, [(frame.source, records.encode(records.from_frame(frame))) for frame in frames])


@dataclass
class Disk:
    """A folder of recordings, as a test sees it."""

    root: Path
    conf: RecordingConf = field(init=False)

    def __post_init__(self) -> None:
        self.conf = RecordingConf(dir=str(self.root))

    @property
    def section(self) -> str:
        """The section of a chain file that records here."""
        return f'[outputs.disk]\nkind = "recording"\ndir = "{self.root}"\n'

    def files(self, source: str = "yard") -> list[File]:
        return files(self.root, safe(source)) if (self.root / safe(source)).is_dir() else []

    def names(self, source: str = "yard") -> list[str]:
        """The names of the files, without their day."""
        return [file.video.name for file in self.files(source)]

    def sources(self) -> list[str]:
        return [*sources(self.root).values()]

    def numbers(self, source: str = "yard") -> list[Numbers]:
        """What is told of all frames that are on the disk."""
        told = [file.numbers for file in self.files(source) if file.numbers.exists()]  # one may just be begun
        return [line for numbers in told for line in read(numbers) if isinstance(line, Numbers)]

    def seqs(self, source: str = "yard") -> list[int]:
        return [each.seq for each in self.numbers(source)]

    @contextmanager
    def recording(self, url: str, redacted: bool = True, places: int = 256, **options: object) -> Iterator[Recorder]:
        """A recorder of this folder, for so many sources at once; stopped after the block, when it has read all."""
        conf = structs.replace(self.conf, **options)
        settings = structs.replace(Settings(), kafka_url=url, sources=places)
        recorder, stop = Recorder(settings, Recording("disk", conf, redacted)), threading.Event()
        thread = threading.Thread(target=recorder.run, args=(stop,))
        thread.start()
        try:
            yield recorder
            wait_until_read(recorder, url, conf.topic)
        finally:
            stop.set()
            thread.join(30)
            assert not thread.is_alive()

    def wait_for(self, count: int, source: str = "yard") -> None:
        """Until so many frames of a source are on the disk."""
        wait_until(lambda: len(self.numbers(source)) >= count, 30, f"{count} frames of {source} on the disk")


def wait_until_read(recorder: Recorder, url: str, topic: str) -> None:
    """Until a recorder has read all there is."""

    def has_read() -> bool:
        return all(recorder.next_offsets.get(each) == end for each, (_, end) in offsets(url, topic).items())

    wait_until(has_read, 30, "a recorder that has read all there is")


def stamps(video: Path) -> list[int]:
    """When the frames of a video are shown, in µs after the first."""
    with av.open(str(video)) as container:
        (stream,) = container.streams.video
        return [round(packet.pts * stream.time_base * 1_000_000) for packet in container.demux(stream) if packet.size]


def greys(video: Path) -> list[int]:
    """The grey of each of its frames."""
    with av.open(str(video)) as container:
        return [int(frame.to_ndarray(format="gray")[8:-8, 8:-8].mean()) for frame in container.decode(video=0)]
