"""A chain of functions over the frames of one file, without a broker."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any

from functions.annotate import annotate
from functions.core.frame import Frame, Hop
from functions.core.labels import plain
from functions.core.registry import FunctionError, FunctionSpec

# Frames a second: where time stands still, no more are kept than of the fastest camera.
_FASTEST = 240

Step = Callable[[Iterable[Frame]], Iterator[Frame]]


def step(spec: FunctionSpec, options: dict[str, Any]) -> Step:
    """The function with its options, models loaded. Raises UsageError where something is missing."""
    spec.prepare(options)
    return partial(_run, spec, options)


def drawn(frames: Iterable[Frame]) -> Iterator[Frame]:
    """The frames with their detections drawn on them."""
    return (annotate(frame) if frame.detections else frame for frame in frames)


def hop_of(spec: FunctionSpec, options: dict[str, Any]) -> Hop:
    """What says of a frame that this function saw it, and what it can find; it is believed, as it ran here."""
    finds = frozenset(map(plain, spec.findable(options)))
    return Hop(spec.name, spec.name, "", options, started_at=0, took_us=0, average_us=0, finds=finds)


def _run(spec: FunctionSpec, options: dict[str, Any], frames: Iterable[Frame]) -> Iterator[Frame]:
    state = () if spec.state is None else (spec.state(),)  # a file is one source
    hop = hop_of(spec, options)
    for arguments in with_ahead(frames, spec.window_s(options)) if spec.look_ahead_s else ((each,) for each in frames):
        frame, *ahead = arguments
        for result in _results(spec, spec.call(frame, *state, *ahead, **options)):
            yield replace(result, hops=(*frame.hops, hop))


def with_ahead(frames: Iterable[Frame], window_s: float) -> Iterator[tuple[Frame, tuple[Frame, ...]]]:
    """Each frame with those that follow it within the window."""
    window: deque[Frame] = deque()
    for frame in frames:
        window.append(frame)
        while frame.captured_at - window[0].captured_at > window_s * 1_000_000 or len(window) > window_s * _FASTEST + 1:
            yield _first(window, window_s)
    while window:
        yield _first(window, window_s)


def _first(window: deque[Frame], window_s: float) -> tuple[Frame, tuple[Frame, ...]]:
    first = window.popleft()
    return first, tuple(each for each in window if each.captured_at - first.captured_at <= window_s * 1_000_000)


def _results(spec: FunctionSpec, returned: object) -> Iterable[Frame]:
    results = returned if isinstance(returned, (list, tuple)) else () if returned is None else (returned,)
    for result in results:
        if not isinstance(result, Frame):
            raise FunctionError(f"Function {spec.name}: expected a Frame, several or None, got {type(result).__name__}")
    return results
