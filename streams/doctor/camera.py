"""Checks of cameras."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from threading import Event, Thread

from streams.doctor.finding import FAILURE, OK, WARNING, Finding
from streams.producer.sources import open_source

_CAMERA_S = 20.0


def camera(source: str) -> Iterator[Finding]:
    """Whether a source delivers a picture; without a source, which webcams there are."""
    if source:
        yield _first_picture(source)
        return
    devices = sorted(Path("/dev").glob("video*"))
    closed = [str(path) for path in devices if not os.access(path, os.R_OK | os.W_OK)]
    if closed:
        yield Finding(
            WARNING,
            "camera",
            f"{', '.join(closed)} may not be opened",
            "add this user to the group `video` and log in anew",
        )
    else:
        found = ", ".join(map(str, devices)) or "no webcam here"
        yield Finding(OK, "camera", f"{found}; --camera tries a source")


def _first_picture(source: str) -> Finding:
    """Open the source once, unlike a producer; in a thread, since a driver may hang."""
    messages: list[str] = []
    stop, came = Event(), Event()

    def say(text: str) -> None:
        messages.append(text.partition("; next try")[0])
        stop.set()

    def read() -> None:
        try:
            for moment in open_source(source, say).moments(stop):
                moment.picture()
                came.set()
                break
        except Exception as error:  # whatever a driver or a library says is the finding
            messages.append(str(error))

    thread = Thread(target=read, daemon=True)
    thread.start()
    thread.join(_CAMERA_S)
    if came.is_set():
        return Finding(OK, "camera", "a picture came")
    said = messages[-1] if messages else f"nothing came in {_CAMERA_S:g} s"
    do = "check its address, user and password, cable and network"
    return Finding(FAILURE, "camera", said, do)
