"""A disk that is full, or fails otherwise: said once, tried again each second, and said when it takes files again."""

from __future__ import annotations

import logging
import time

log = logging.getLogger(__name__)
_TRY_AGAIN_S = 1.0


class Disk:
    """Whether a folder takes files."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._failed_at: float | None = None
        self._try_at = 0.0
        self.dropped = 0

    @property
    def may_be_tried(self) -> bool:
        """Whether to write; of a disk that failed, whether it is time to try again."""
        return self._failed_at is None or time.monotonic() >= self._try_at

    def failed(self, error: OSError) -> None:
        """It refused to take something."""
        now = time.monotonic()
        self._try_at = now + _TRY_AGAIN_S
        if self._failed_at is None:
            self._failed_at, self.dropped = now, 0
            text = "%s cannot be written: %s; frames are dropped until it can be again"
            log.error(text, self._name, error.strerror, extra={"fields": {"error": error.strerror}})

    def worked(self) -> None:
        """It took something."""
        if self._failed_at is not None:
            lasted_s, self._failed_at = time.monotonic() - self._failed_at, None
            fields = {"dropped": self.dropped, "lasted_s": round(lasted_s, 1)}
            log.warning(
                "%s can be written again: %d frames were dropped in %.0f s",
                self._name,
                self.dropped,
                lasted_s,
                extra={"fields": fields},
            )
