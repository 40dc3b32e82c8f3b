"""Log lines: text or JSON, one line an event, and of what repeats few."""

from __future__ import annotations

import logging
import re
import sys
import time
from datetime import UTC, datetime
from typing import Any

import msgspec

from streams.settings import Settings

PERIOD_S = 10.0
_KINDS = 100
_TEXT = "[%(asctime)s] [%(process)s] [%(levelname)s] %(message)s"


class JsonLines(logging.Formatter):
    """An event as one line of JSON: time (UTC), level, logger, message, and the fields that came with it."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        event = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            **getattr(record, "fields", {}),
        }
        if record.exc_info:
            event["exception"] = self.formatException(record.exc_info)
        return msgspec.json.encode(event, enc_hook=str).decode()


class Seldom:
    """Warnings of which each kind is written at most once in so many seconds, with how many were left out."""

    def __init__(self, log: logging.Logger, period_s: float = PERIOD_S) -> None:
        self._log, self._period_s = log, period_s
        self._left_out: dict[str, int] = {}
        self._due_at: dict[str, float] = {}

    def warning(self, kind: str, text: str, fields: dict[str, Any]) -> None:
        """Write it, or count it; kinds that differ in their numbers only are one."""
        kind = self._known(re.sub(r"\d+", "#", kind))
        if time.monotonic() < self._due_at.get(kind, 0.0):
            self._left_out[kind] = self._left_out.get(kind, 0) + 1
            return
        self._due_at[kind] = time.monotonic() + self._period_s
        count = self._left_out.pop(kind, 0)
        more = f" (and {count} more like it)" if count else ""
        self._log.warning("%s%s", text, more, extra={"fields": fields | {"left_out": count}})

    def _known(self, kind: str) -> str:
        # Whoever writes bad records also chooses their reasons: no end of kinds may be kept.
        return kind if kind in self._due_at or len(self._due_at) < _KINDS else "any other"


def for_faust(settings: Settings) -> dict[str, Any] | None:
    """Faust's setting `logging_config`, None where its own lines are wanted."""
    if settings.log == "text":
        return None
    json = {"()": JsonLines}
    return {"merge": True, "formatters": {"default": json, "colored": json}}


def set_up(settings: Settings) -> None:
    """The same for a process that is not Faust's."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines() if settings.log == "json" else logging.Formatter(_TEXT))
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    for own in ("streams", "web"):
        logging.getLogger(own).setLevel(logging.INFO)
