"""One file from its source to its result under its own name, or to nothing at all."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Executor
from pathlib import Path
from threading import Event
from typing import NamedTuple

from functions.core.errors import UsageError
from functions.core.frame import Frame, Picture
from functions.core.jpeg import JpegError
from streams.file_redaction.chain import FileChain
from streams.file_redaction.inventory import inventory_of
from streams.file_redaction.picture_result import encoded, moves
from streams.file_redaction.place import Place
from streams.file_redaction.plan import Job, is_still
from streams.file_redaction.recording import Recording
from streams.file_redaction.redactor import Redactor
from streams.file_redaction.tally import Outcome, Tally, counted
from streams.file_redaction.video_result import Form, VideoResult, check_whole
from streams.video.pictures import read_picture


class Stopped(Exception):
    """The run is to end: somebody pressed Ctrl-C."""


class Work(NamedTuple):
    """What all files of a run share; `progress` is called with each frame that is done."""

    chain: FileChain
    form: Form
    pool: Executor
    cores: int
    progress: Callable[[], object]
    stop: Event


class Done(NamedTuple):
    """What became of a file, and its tally."""

    outcome: Outcome
    tally: Tally


def redact_file(job: Job, work: Work) -> Done:
    """Redact one file; an error is told in what became of it. Raises Stopped."""
    outcome = Outcome(source=str(job.source), result=str(job.result))
    tally = Tally(tuple(work.chain.redactor.options.get("labels", ())))
    began = time.monotonic()
    try:
        (_picture if is_still(job.source) else _video)(job, work, outcome, tally)
    except Exception as error:
        _go_on(work)  # else it is what stopping it looks like
        outcome.failed = _why(job, error)
    outcome.frames, outcome.seconds, outcome.hidden = tally.frames, tally.seconds, tally.hidden
    outcome.doubts, outcome.people = dict(tally.doubts), tally.people
    outcome.took_s = time.monotonic() - began
    return Done(outcome, tally)


def _video(job: Job, work: Work, outcome: Outcome, tally: Tally) -> None:
    recording = Recording(job.source, work.chain, work.pool, 2 * work.cores, _silent)
    inventory = inventory_of(job.source)
    outcome.left_out = inventory.left_out
    outcome.sound = _sound(work.form.audio, len(inventory.sound))
    with Place(job.result) as place:
        result = VideoResult(place.file, job.result, job.source, inventory, work.form)
        for (_, shown), pts in recording.frames():
            _go_on(work)
            result.write(shown, pts)
            tally.add(shown)
            work.progress()
        result.close()
        place.file.flush()
        check_whole(place.temporary, result.frames)
        place.keep()
    outcome.stamps_mended, outcome.lost = result.mended, recording.losses


def _picture(job: Job, work: Work, outcome: Outcome, tally: Tally) -> None:
    _go_on(work)
    frame = _read(job.source)
    redactor = Redactor(work.chain.for_a_still().for_source(job.source.stem), work.pool, 1)
    with Place(job.result) as place:
        for each in redactor.redacted([lambda: frame]):
            place.file.write(encoded(each.shown.image, job.result.suffix))
            tally.add(each.shown)
        place.keep()
    work.progress()


def _read(path: Path) -> Frame:
    """The picture as a frame. Raises UsageError where it is none, or one of many."""
    try:
        given = read_picture(path)
        picture = Picture(jpeg=given) if isinstance(given, bytes) else Picture(image=given.image())
        _ = picture.image
    except JpegError as error:
        raise UsageError(f"{path}: {error}") from None
    if moves(path.read_bytes()[:8192]):
        raise UsageError(f"{path}: expected a picture, got one that moves; make a video of it first")
    return Frame(picture, path.stem)


def _why(job: Job, error: Exception) -> str:
    if isinstance(error, UsageError):
        return str(error)
    return f"{job.source}: {error.strerror if isinstance(error, OSError) else f'{type(error).__name__}: {error}'}"


def _sound(audio: str, tracks: int) -> str:
    if not tracks:
        return ""
    words = {"none": "left out", "keep": "kept as it is", "mute": "silenced"}
    return f"sound {words[audio]} ({counted(tracks, 'track')})"


def _silent(text: str) -> None:
    """What is said while a file is read is told in the line of its result."""


def _go_on(work: Work) -> None:
    if work.stop.is_set():
        raise Stopped
