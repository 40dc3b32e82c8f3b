"""A chain's functions over the frames of one file: each frame as it came, and redacted, in order."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future
from contextlib import suppress
from dataclasses import replace
from itertools import takewhile
from typing import Any, NamedTuple

import numpy as np

from functions.core.errors import UsageError
from functions.core.frame import Frame, Redaction
from functions.core.jpeg import JpegError
from functions.redaction.evidence import Doubt
from streams.file_redaction.chain import FileChain, Run
from streams.files.steps import with_ahead

# Reads one frame; JpegError where it cannot be decoded.
Read = Callable[[], Frame]


class RedactedFrame(NamedTuple):
    """A frame as it was read, with what was found in it, and as it may be shown: `shown.redaction` says the rest."""

    raw: Frame
    shown: Frame


class Redactor:
    """Runs a chain over the frames of one file, with the memory of that file.

    What has no memory runs in the `pool`, `ahead` frames at a time; what has one runs in order. A frame on which a
    function fails, or which one of them drops, is covered wholly: none is shown that the redactor did not give back.
    """

    def __init__(self, chain: FileChain, pool: Executor, ahead: int) -> None:
        self._chain, self._pool, self._ahead = chain, pool, ahead
        self._at_once = tuple(takewhile(lambda run: run.spec.state is None, chain.looks))
        self._in_order = chain.looks[len(self._at_once) :]
        self._memory = chain.redactor.new_state()
        self._raw: dict[int, Frame] = {}
        self._failed: dict[int, str] = {}
        self.not_decoded = 0

    @property
    def learns(self) -> bool:
        """Whether it is to `learn` frames before the first one comes."""
        return self._chain.redactor.spec.learns_first(self._chain.redactor.options)

    def learn(self, frame: Frame) -> bool:
        """See a frame of the file beforehand, for what stands and what moves in it; whether that is known by now."""
        return all(memory.learn(frame) for memory in self._memory)

    def redacted(self, reads: Iterable[Read]) -> Iterator[RedactedFrame]:
        """Every frame that can be decoded, redacted, in the order of the reads. Raises UsageError."""
        frames = self._looked_at(reads)
        for run in self._in_order:
            frames = self._one_by_one(run, run.new_state(), frames)
        for frame in self._one_by_one(self._chain.redactor, self._memory, frames):
            raw = self._raw.pop(frame.seq)
            why = self._failed.pop(frame.seq, "") or self._why_not(raw, frame)
            yield RedactedFrame(raw, self._covered(raw, why) if why else frame)

    def _looked_at(self, reads: Iterable[Read]) -> Iterator[Frame]:
        waiting = deque[Future[tuple[Frame, Frame] | None]]()
        try:
            for read in reads:
                waiting.append(self._pool.submit(self._look, read))
                if len(waiting) >= self._ahead:
                    yield from self._taken(waiting.popleft().result())
            while waiting:
                yield from self._taken(waiting.popleft().result())
        finally:
            for each in waiting:
                each.cancel()

    def _taken(self, looked: tuple[Frame, Frame] | None) -> Iterator[Frame]:
        if looked is None:
            self.not_decoded += 1
            return
        raw, frame = looked
        self._raw[frame.seq] = raw
        yield frame

    def _look(self, read: Read) -> tuple[Frame, Frame] | None:
        """A frame as it is and after all that has no memory; None for one that cannot be decoded."""
        try:
            frame = raw = read()
            _ = raw.image  # decoded here, where it may take a core, and refused here where it is damaged
        except JpegError:
            return None
        for run in self._at_once:
            frame = self._result(run, frame, (frame,))
        return raw, frame

    def _one_by_one(self, run: Run, memory: tuple[Any, ...], frames: Iterable[Frame]) -> Iterator[Frame]:
        window_s = run.spec.window_s(run.options)
        for frame, ahead in with_ahead(frames, window_s) if run.spec.look_ahead_s else ((each, ()) for each in frames):
            arguments = (frame, *memory, ahead) if run.spec.look_ahead_s else (frame, *memory)
            yield self._result(run, frame, arguments)
            if frame.seq in self._failed and memory:
                memory = run.new_state()  # what it remembers may be half done

    def _result(self, run: Run, frame: Frame, arguments: tuple[Any, ...]) -> Frame:
        """What the function makes of a frame; the frame as it was, noted as failed, where it makes no frame of it."""
        try:
            result = run.spec.call(*arguments, **run.options)
        except Doubt as error:
            return self._fail(frame, str(error))
        except (UsageError, KeyboardInterrupt):
            raise
        except BaseException as error:  # also SystemExit: a function does not end a run
            return self._fail(frame, f"{run.spec.name} failed: {_text_of(error)}")
        if not isinstance(result, Frame):
            return self._fail(frame, f"{run.spec.name}: expected a Frame, got {type(result).__name__}")
        own = replace(result, source=frame.source, id=frame.id, seq=frame.seq, captured_at=frame.captured_at)
        return replace(own, hops=(*frame.hops, run.hop))

    def _fail(self, frame: Frame, why: str) -> Frame:
        self._failed.setdefault(frame.seq, why)
        return frame

    def _why_not(self, raw: Frame, shown: Frame) -> str:
        name = self._chain.redactor.spec.name
        if shown.picture is raw.picture:
            return f"{name}: expected a picture made anew, got the one that it was given"
        if shown.size_wh != raw.size_wh:
            return f"{name}: expected a picture of {raw.size_wh}, got one of {shown.size_wh}"
        return ""

    def _covered(self, raw: Frame, why: str) -> Frame:
        labels = tuple(self._chain.redactor.options.get("labels", ()))
        return replace(raw.with_image(np.zeros_like(raw.image)), redaction=Redaction(labels, "solid", 1.0, why))


def _text_of(error: BaseException) -> str:
    """An error in one line; its text may fail, too."""
    text = ""
    with suppress(Exception):
        text = str(error).partition("\n")[0]
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
