"""Erases what is recorded of a source: files and numbers, also those that are being written, and what still comes."""

from __future__ import annotations

import time
from dataclasses import dataclass
from threading import Event

from tqdm import tqdm

from streams.recording import erased, folder
from streams.recording.chosen import Recording
from streams.recording.numbers import Summary, summary_of
from streams.wire.names import safe


@dataclass
class Gone:
    """What was erased; the times in seconds since the epoch, 0 where it was nothing."""

    files: int = 0
    bytes: int = 0
    frames: int = 0
    first_s: float = 0.0
    last_s: float = 0.0


def erase(recording: Recording, source: str, since_s: float, until_s: float, stop: Event) -> Gone:
    """Erase the files of a source whose minutes overlap that time, until stopped. Raises OSError.

    A recorder of the same folder sees that its file is gone, and records nothing of that time again.
    """
    root, name, gone = recording.root, safe(source), Gone()
    erased.note(root, name, round(since_s * 1e6), round(until_s * 1e6))
    # Looked up again: one may have been begun between the note and the look.
    while not stop.is_set() and (files := folder.files(root, name, since_s, until_s)):
        for file in tqdm(files, unit=" files", disable=None):
            if stop.is_set():
                break
            summary = _summary(file)
            gone.files += 1
            gone.bytes += file.bytes
            gone.frames += summary.frames
            gone.first_s = min(gone.first_s or file.starts_s, file.starts_s)
            gone.last_s = max(gone.last_s, summary.ends_at / 1e6, file.starts_s)
            file.remove()
    folder.remove_empty(root, name)
    return gone


def all_until_now() -> tuple[float, float]:
    """The time of all that is recorded."""
    return 0.0, time.time()


def _summary(file: folder.File) -> Summary:
    try:
        return summary_of(file.numbers)
    except OSError:
        return Summary(ends_at=0, frames=0, found={}, doubts=0, covered=0.0)
