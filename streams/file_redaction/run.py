"""All files of a run: several side by side, with one bar of progress and a line for each that is done."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from typing import Any

import av
import cv2
from tqdm import tqdm

from streams.file_redaction.chain import FileChain
from streams.file_redaction.job import Done, Work, redact_file
from streams.file_redaction.plan import Job, is_still
from streams.file_redaction.tally import Outcome, counted
from streams.file_redaction.video_result import Form

# Cores that one video fills: its pictures are decoded, redacted and encoded in order.
_OF_A_VIDEO = 4
# A signal that comes just before a wait begins would be noticed at its end.
_LOOKS_UP_S = 0.5


class Interrupted(Exception):
    """Somebody pressed Ctrl-C; `done` is what was done until then."""

    def __init__(self, done: list[Done]) -> None:
        super().__init__("stopped")
        self.done = done


def redact_files(jobs: Sequence[Job], chain: FileChain, form: Form) -> list[Done]:
    """Redact them all, and tell of each. Raises Interrupted once what was at work has ended."""
    cores, stop, done = len(os.sched_getaffinity(0)), Event(), list[Done]()
    cv2.setNumThreads(1)  # the pool's threads are one a core
    stills = [job for job in jobs if is_still(job.source)]
    films = [job for job in jobs if job not in stills]
    total = len(stills) + sum(_frames(job.source) for job in films)
    with ThreadPoolExecutor(cores) as pool, tqdm(total=total, unit="frame", disable=None, smoothing=0.1) as bar:
        work = Work(chain, form, pool, cores, _counting(bar), stop)
        try:
            for at_once, some in ((cores, stills), (max(2, cores // _OF_A_VIDEO), films)):
                for each in _side_by_side(at_once, some, work):
                    done.append(each)
                    _say(line_of(each.outcome))
        except KeyboardInterrupt:
            raise Interrupted(done) from None
    return done


def line_of(outcome: Outcome) -> str:
    """What became of a file, in one line."""
    if outcome.failed:
        return f"{outcome.source}: no result: {outcome.failed.removeprefix(f'{outcome.source}: ')}"
    frames = counted(outcome.frames, "frame")
    parts = [
        f"{frames}, {outcome.seconds:.1f} s" if outcome.frames > 1 else frames,
        f"{outcome.hidden:.1%} hidden",
        f"{outcome.in_doubt} in doubt{_mostly(outcome)}",
        f"{outcome.people} seen",
        *outcome.notes,
    ]
    return f"{outcome.source} -> {outcome.result}: {'; '.join(filter(None, parts))}"


def _mostly(outcome: Outcome) -> str:
    """Why frames are in doubt, in the words for most of them."""
    return f" ({max(outcome.doubts, key=lambda why: outcome.doubts[why])})" if outcome.doubts else ""


def _side_by_side(at_once: int, jobs: Sequence[Job], work: Work) -> Iterator[Done]:
    with ThreadPoolExecutor(at_once) as threads, _stopping(work):
        waiting = {threads.submit(redact_file, job, work) for job in jobs}
        while waiting:
            ended, waiting = wait(waiting, _LOOKS_UP_S, FIRST_COMPLETED)
            yield from (done.result() for done in ended)


@contextmanager
def _stopping(work: Work) -> Iterator[None]:
    """Whatever ends it early ends what is at work, too: frames that wait for their turn do not get one."""
    try:
        yield
    except BaseException:
        work.stop.set()
        work.pool.shutdown(wait=False, cancel_futures=True)
        raise


def _frames(source: Path) -> int:
    """About how many frames there are: none where that cannot be told."""
    try:
        with av.open(str(source.resolve()), metadata_errors="replace") as container:
            stream = container.streams.best("video")
            guessed = (container.duration or 0) / 1e6 * float(stream.average_rate or 0) if stream else 0
            return int(stream.frames or guessed) if stream else 0
    except (av.FFmpegError, OSError):
        return 0


def _counting(bar: tqdm[Any]) -> Callable[[], None]:
    lock = threading.Lock()

    def count() -> None:
        with lock:
            bar.update()

    return count


def _say(text: str) -> None:
    tqdm.write(text)
