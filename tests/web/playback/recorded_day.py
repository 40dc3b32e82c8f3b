"""Two recordings of a chain file, one redacted and one raw, as a viewer shows them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from functions.core.frame import Picture
from streams.chain import types as chains
from streams.recording.folder import File
from tests.streams.recording.recorded import MINUTE_US, SECOND_US, Disk, Shooting, a_minute, send

RAW_TOPIC = "SOURCE_FRAME"
# A name that would lead elsewhere, or become HTML, if it could.
STRANGER = "<b>../../x"


@dataclass
class RecordedDay:
    """What was recorded: the yard for two minutes, a pause, and some seconds; the same raw; a stranger's camera."""

    redacted: Disk
    raw: Disk
    chain: Path
    began: int

    @property
    def pause(self) -> int:
        """When the pause begins."""
        return self.began + 2 * MINUTE_US

    @property
    def after(self) -> int:
        """When it is over."""
        return self.pause + 90 * SECOND_US


def record_day(url: str, folder: Path) -> RecordedDay:
    """Record all of it from a broker."""
    chain, began = folder / "chain.toml", _in_one_hour(a_minute(7))
    day = RecordedDay(Disk(folder / "redacted"), Disk(folder / "raw"), chain, began)
    chain.write_text(
        f'{chains.DEFAULT.read_text()}\n[outputs.disk]\nkind = "recording"\ndir = "{day.redacted.root}"\n'
        f'[outputs.all]\nkind = "recording"\ndir = "{day.raw.root}"\ntopic = "{RAW_TOPIC}"\nraw = true\n'
    )
    yard = Shooting("yard", every_us=SECOND_US, size_wh=(160, 120))
    frames = [
        yard.frame(began + at * SECOND_US, people=at // 60, doubt="dim" if at == 70 else None) for at in range(120)
    ]
    frames += yard.frames(day.after, 20)
    with day.redacted.recording(url):
        send(url, [*frames, *Shooting(STRANGER).frames(began, 9)])
    magenta = Picture(image=np.full((120, 160, 3), (255, 0, 255), np.uint8))
    with day.raw.recording(url, redacted=False, topic=RAW_TOPIC, raw=True):
        send(url, [replace(frame, picture=magenta, redaction=None) for frame in frames[:20]], RAW_TOPIC)
    return day


def _in_one_hour(minute: int) -> int:
    """That minute, or one before it, so that what is recorded is of one hour and one day."""
    return minute - max(0, minute // MINUTE_US % 60 - 54) * MINUTE_US


def address(file: File, recording: str = "disk", kind: str = "video") -> str:
    """Where the viewer has a file."""
    return f"/playback/{kind}/{recording}/{file.folder}/{file.video.parent.name}/{file.video.stem}"
