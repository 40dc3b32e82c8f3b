"""The exceptions of a stage, and errors of functions as plain text, which is safe to log and to publish."""

from __future__ import annotations

import cv2

from streams.wire.reading import Message, redriven_as_it_came
from streams.wire.records import RecordError

_LONGEST = 1000  # characters; an error's text may hold a whole picture


class Stopped(Exception):
    """The bus refuses, or imagebus itself failed; unacknowledged records are read again."""


class Exhausted(Stopped):
    """No thread or no memory is left; only a new process helps."""


class Skipped(Exception):
    """A live frame is skipped: it is too old, or its source sends too many."""


class Failed(Exception):
    """A function failed; the text is the type and the message of what it raised, and can always be written."""

    def __init__(self, text: str, no_memory: bool = False) -> None:
        super().__init__(text)
        self.no_memory = no_memory


def text_of(error: BaseException) -> str:
    """`Type: message`, or the message alone where that is the whole reason. Never raises."""
    try:
        plain = issubclass(type(error), (RecordError, Failed))
        return _clean(str(error) if plain else f"{type(error).__name__}: {error}")
    except BaseException as another:
        return _clean(f"{_name(error)}: its text cannot be made ({_name(another)})")


def caught(error: BaseException) -> Exception:
    """What is passed on of anything that a function raised: Skipped as it is, of all else the text.

    The error itself may end the event loop (SystemExit), or fail when a future takes it or its text is read.
    """
    return error if type(error) is Skipped else Failed(text_of(error), _is_no_memory(error))


def as_stopped(error: BaseException) -> Stopped:
    """The error with which a stage stops."""
    return error if isinstance(error, Stopped) else Stopped(f"nobody foresaw {text_of(error)}")


def fields_of(stage: str, message: Message) -> dict[str, str | int]:
    """The fields of a log event about one message."""
    return {"stage": stage, "topic": message.topic, "partition": message.partition, "offset": message.offset}


def dead_letter_headers(stage: str, message: Message, reason: str) -> dict[str, bytes]:
    """The headers of a dead letter."""
    own = {name: str(value).encode() for name, value in {"reason": reason, **fields_of(stage, message)}.items()}
    return own | redriven_as_it_came(message.headers)


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
