"""A function that misbehaves on one frame, in every way that a test could think of."""

from __future__ import annotations

import asyncio
import ctypes
import gc
import itertools
import logging
import os
import sys
import tempfile
import threading
import warnings
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn

import cv2
import numpy as np

from functions import Detection, Frame, function
from functions.core.frame import Hop, Picture
from streams.runtime.errors import Skipped
from streams.wire.records import RecordError

AT = 25


@function
def misbehave(frame: Frame, *, how: str = "value_error", met: str = "") -> object:
    """Misbehave on one frame, pass the others; `met` is a file that says how often that frame came."""
    if frame.seq != AT:
        return frame
    if met:
        with Path(met).open("a") as file:
            file.write("met\n")
    return WAYS[how](frame)


class Own(BaseException):
    """Nothing that anybody catches."""


class Mute(Exception):
    """Its text cannot be made."""

    def __str__(self) -> str:
        raise ValueError("no text")

    __repr__ = __str__


class Quits(Exception):
    """Whoever asks for its text ends."""

    def __str__(self) -> str:
        sys.exit(3)


class Number(Exception):
    """Its text is a number."""

    def __str__(self) -> str:
        return 7  # type: ignore[return-value]


class Stuck(Exception):
    """Whoever asks for its text waits for ever."""

    def __str__(self) -> str:
        threading.Event().wait()
        return ""


class Faceless(Exception):
    """Does not say of which class it is."""

    __class__ = property(lambda self: sys.exit(4))  # type: ignore[assignment]


class _Text(str):
    __slots__ = ()

    def encode(self, *_: str) -> NoReturn:
        raise ValueError("no bytes")

    def __getitem__(self, _: object) -> NoReturn:
        raise ValueError("no part")


class Sly(Exception):
    """Its text is of a class of its own."""

    def __str__(self) -> str:
        return _Text("sly")


class Endless(list[Frame]):
    """A list without an end."""

    def __iter__(self) -> Iterator[Frame]:
        return itertools.repeat(self[0])


class Trap(Frame):
    """A frame that does not say what it holds."""

    @property
    def jpeg(self) -> bytes:
        sys.exit(5)


class Last:
    """Ends whoever lets go of it."""

    def __del__(self) -> None:
        sys.exit(6)


def _raise(error: Callable[[], BaseException]) -> Callable[[Frame], NoReturn]:
    def way(frame: Frame) -> NoReturn:
        raise error()

    return way


def _then(act: Callable[[], object]) -> Callable[[Frame], Frame]:
    def way(frame: Frame) -> Frame:
        act()
        return frame

    return way


def _recurse(frame: Frame) -> Frame:
    return _recurse(frame)


def _cyclic(frame: Frame) -> list[object]:
    results: list[object] = [frame]
    results.append(results)
    return results


def _generator(frame: Frame) -> Iterator[Frame]:
    yield frame


def _found(frame: Frame, **fields: Any) -> Frame:
    one = replace(Detection("thing", 0.5, (0.0, 0.0, 1.0, 1.0)), **fields)
    return replace(frame, detections=(one,))


def _cyclic_options(frame: Frame) -> Frame:
    options: dict[str, object] = {}
    options["itself"] = options
    return replace(frame, hops=(Hop("a", "b", "c", options, 0, 0, 0),))


def _mutate(frame: Frame) -> Frame:
    frame.image.flags.writeable = True
    frame.image[:] = 0
    object.__setattr__(frame, "seq", -5)
    object.__setattr__(frame, "source", "another")
    return frame


def _redirect() -> None:
    sys.stdout = sys.stderr = None  # type: ignore[assignment]


def _threads_that_die() -> None:
    for end in [lambda: sys.exit(1), lambda: 1 / 0] * 10:
        threading.Thread(target=end).start()


def _leave_exit_to_the_collector() -> None:
    cycle: list[object] = [Last()]
    cycle.append(cycle)
    del cycle
    gc.collect()


def _own_loop() -> None:
    async def no_more() -> None:
        asyncio.get_running_loop().stop()
        raise KeyboardInterrupt

    asyncio.run(no_more())


WAYS: dict[str, Callable[[Frame], object]] = {
    "value_error": _raise(lambda: ValueError("no")),
    "stop_iteration": lambda _: next(iter(())),
    "stop_async_iteration": _raise(StopAsyncIteration),
    "generator_exit": _raise(GeneratorExit),
    "keyboard_interrupt": _raise(KeyboardInterrupt),
    "sys_exit": lambda _: sys.exit(2),
    "cancelled": _raise(asyncio.CancelledError),
    "own_base": _raise(lambda: Own("mine")),
    "group": _raise(lambda: BaseExceptionGroup("all", [SystemExit(1), ValueError("one")])),
    "system_exit_of_a_loop": _then(_own_loop),
    "skipped": _raise(Skipped),
    "record_error": _raise(lambda: RecordError("\ud800")),
    "opencv": lambda frame: cv2.resize(frame.image, (0, 0)),
    "code_of_opencv": _raise(lambda: _with_code(cv2.error("no"))),  # type: ignore[arg-type]
    "recursion": _recurse,
    "surrogate": lambda _: Path(os.fsdecode(b"/nowhere/k\xe4se.jpg")).read_bytes(),
    "mute": _raise(Mute),
    "quits": _raise(Quits),
    "number": _raise(Number),
    "stuck": _raise(Stuck),
    "faceless": _raise(Faceless),
    "sly": _raise(Sly),
    "long": _raise(lambda: ValueError("x" * 50_000_000)),
    "text": lambda _: "text",
    "cyclic": _cyclic,
    "generator": _generator,
    "endless": lambda frame: Endless([frame]),
    "many": lambda frame: [frame] * 5000,
    "trap": lambda frame: Trap(frame.picture),
    "long_label": lambda frame: _found(frame, label="x" * 20_000_000),
    "bad_label": lambda frame: _found(frame, label="\ud800"),
    "nan": lambda frame: _found(frame, xyxy=(0.0, float("nan"), 1.0, 1.0)),
    "complex": lambda frame: _found(frame, confidence=1j),
    "cyclic_options": _cyclic_options,
    "tall": lambda frame: frame.with_image(np.zeros((70_000, 1, 3), np.uint8)),
    "noise": lambda frame: frame.with_image(np.random.default_rng(0).integers(0, 255, (3000, 3000, 3), np.uint8)),
    "no_jpeg": lambda frame: replace(frame, picture=Picture(jpeg=b"\xff\xd8\xff\xd9")),
    "no_picture": lambda frame: replace(frame, picture=None),
    "mutates": _mutate,
    "closes_stdin": _then(lambda: os.close(0)),
    "redirects": _then(_redirect),
    "moves": _then(lambda: os.chdir(tempfile.mkdtemp())),
    "clears_environment": _then(os.environ.clear),
    "threads_that_die": _then(_threads_that_die),
    "collector": _then(_leave_exit_to_the_collector),
    "stops_logging": _then(logging.shutdown),
    "warns": _then(lambda: warnings.simplefilter("error")),
    "many_threads_of_opencv": _then(lambda: cv2.setNumThreads(64)),
    "abort": lambda _: os.abort(),
    "segfault": lambda _: ctypes.string_at(0),
}


def _with_code(error: Any) -> Any:
    error.code = Mute()
    return error
