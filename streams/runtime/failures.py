"""Errors as plain text: whatever was raised, who reads of it is not harmed."""

from __future__ import annotations

from typing import Protocol

import cv2

from streams.runtime.errors import Skipped, Stopped
from streams.wire.records import RecordError

_LONGEST = 1000  # characters; an error's text may hold a whole picture


class Failed(Exception):
    """A function failed; the text is the type and the message of what it raised, and can always be written."""

    def __init__(self, text: str, no_memory: bool = False) -> None:
        super().__init__(text)
        self.no_memory = no_memory


class Placed(Protocol):
    """What tells one Kafka message from all others."""

    topic: str
    partition: int
    offset: int


def text_of(error: BaseException) -> str:
    """`Type: message`, or the message alone where that is the whole reason. Never raises."""
    try:
        plain = issubclass(type(error), (RecordError, Failed))
        return _clean(str(error) if plain else f"{type(error).__name__}: {error}")
    except BaseException as another:
        return _clean(f"{_name(error)}: its text cannot be made ({_name(another)})")


def caught(error: BaseException) -> Exception:
    """What a stage is told of anything that a function raised: of all but Skipped the text only.

    The error itself may end the event loop (SystemExit), be refused by a future (StopIteration), or fail when it is
    asked what it is.
    """
    return error if type(error) is Skipped else Failed(text_of(error), _is_no_memory(error))


def as_stopped(error: BaseException) -> Stopped:
    """What stops a stage: the error itself where it was foreseen."""
    return error if isinstance(error, Stopped) else Stopped(f"nobody foresaw {text_of(error)}")


def dead_letter_headers(stage: str, message: Placed, reason: str) -> dict[str, bytes]:
    """What stands beside a record that was given up."""
    return {
        "reason": reason.encode(),
        "stage": stage.encode(),
        "topic": message.topic.encode(),
        "partition": str(message.partition).encode(),
        "offset": str(message.offset).encode(),
    }


def _is_no_memory(error: BaseException) -> bool:
    try:
        return issubclass(type(error), MemoryError) or (type(error) is cv2.error and error.code == cv2.Error.StsNoMem)
    except BaseException:  # its code may be anything
        return False


def _name(error: BaseException) -> str:
    name: str = type.__dict__["__name__"].__get__(type(error))
    return _clean(name)


def _clean(text: str) -> str:
    """Text that every encoder takes and no topic refuses; by str's own methods, since `text` may be of a subclass."""
    return str.encode(str.__getitem__(text, slice(_LONGEST)), "utf-8", "backslashreplace").decode()
