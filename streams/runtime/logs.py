"""Logging: text or JSON, one line an event; repeated warnings are rate-limited."""

from __future__ import annotations

import copy
import json
import logging
import re
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from streams.settings import Settings

PERIOD_S = 10.0
_KINDS = 100
_TEXT = "[%(asctime)s] [%(process)s] [%(levelname)s] %(message)s"
# What ends a line somewhere, moves a terminal's cursor, turns text around, or is no character at all.
_UNSAFE = re.compile(r"[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
_INDENT = "    "


def escaped(text: str) -> str:
    """The text in one line, whoever wrote it, with what is unsafe as Python writes it: `\\n`, `\\x1b`, `\\u202e`."""
    return _UNSAFE.sub(lambda unsafe: unsafe[0].encode("unicode_escape").decode(), text)


class TextLines(logging.Formatter):
    """An event as one line of text; a traceback follows in lines of its own, which are indented."""

    def __init__(self) -> None:
        super().__init__(_TEXT)

    def format(self, record: logging.LogRecord) -> str:
        own = copy.copy(record)
        own.exc_text = None  # another formatter may have left one there
        return super().format(own)

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802
        return escaped(super().formatMessage(record))

    def formatException(self, ei: Any) -> str:  # noqa: N802
        return _indented(super().formatException(ei))

    def formatStack(self, stack_info: str) -> str:  # noqa: N802
        return _indented(stack_info)


class JsonLines(logging.Formatter):
    """An event as one line of JSON: time (UTC), level, logger, message, and the fields that came with it."""

    def format(self, record: logging.LogRecord) -> str:
        event = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            **getattr(record, "fields", {}),
        }
        if record.exc_info:
            event["exception"] = self.formatException(record.exc_info)
        return _UNSAFE.sub(lambda unsafe: f"\\u{ord(unsafe[0]):04x}", _as_json(event))


def _as_json(event: dict[str, Any]) -> str:
    # Not msgspec, which refuses half of a surrogate pair: file names and others' text may hold one.
    try:
        return json.dumps(event, ensure_ascii=False, allow_nan=False, default=str)
    except (TypeError, ValueError, RecursionError):
        return json.dumps({name: repr(value) for name, value in event.items()}, ensure_ascii=False)


def _indented(text: str) -> str:
    """The lines of a traceback, indented, so that none can be taken for an event."""
    return "\n".join(_INDENT + escaped(line) for line in text.split("\n"))


class Seldom:
    """Rate-limited warnings: each kind is written once in `period_s`, with the number that was left out."""

    def __init__(self, log: logging.Logger, period_s: float = PERIOD_S) -> None:
        self._log, self._period_s = log, period_s
        self._left_out: dict[str, int] = {}
        self._due_at: dict[str, float] = {}

    def warning(self, kind: str, text: str, fields: dict[str, Any]) -> None:
        """Write a warning, or count it; kinds that differ in digits only are the same."""
        kind = re.sub(r"\d+", "#", kind)
        # Whoever writes bad records also chooses the texts of their errors: the number of kinds is bounded.
        kind = kind if kind in self._due_at or len(self._due_at) < _KINDS else "any other"
        if time.monotonic() < self._due_at.get(kind, 0.0):
            self._left_out[kind] = self._left_out.get(kind, 0) + 1
            return
        self._due_at[kind] = time.monotonic() + self._period_s
        count = self._left_out.pop(kind, 0)
        more = f" (and {count} more like it)" if count else ""
        self._log.warning("%s%s", text, more, extra={"fields": fields | {"left_out": count}})


def for_faust(settings: Settings) -> dict[str, Any]:
    """Faust's setting `logging_config`."""
    lines = {"()": _FORMATTERS[settings.log]}
    return {"merge": True, "formatters": {"default": lines, "colored": lines}}


def set_up(settings: Settings) -> None:
    """The same for a process that is not Faust's."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_FORMATTERS[settings.log]())
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    for own in ("streams", "web"):
        logging.getLogger(own).setLevel(logging.INFO)


_FORMATTERS: dict[str, Callable[[], logging.Formatter]] = {"text": TextLines, "json": JsonLines}
