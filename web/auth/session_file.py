"""The file that keeps sessions over restarts: the signing secret and the open sessions."""

from __future__ import annotations

import logging
import os
import secrets
import tempfile
from pathlib import Path

import msgspec
from msgspec import Struct, field

log = logging.getLogger(__name__)


class Session(Struct, frozen=True):
    """A log-in: its role, until when (seconds since the epoch)."""

    id: str
    role: str
    until: float


class StoredSessions(Struct):
    """The signing secret, and the open sessions by id, the oldest first."""

    secret: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    open: dict[str, Session] = {}


class SessionFile:
    """A file that only this user may read; without it everybody has to log in again."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> StoredSessions:
        """The stored sessions; a new secret and none where the file is missing or cannot be trusted."""
        try:
            with os.fdopen(os.open(self._path, os.O_RDONLY | os.O_NOFOLLOW), "rb") as file:
                about = os.fstat(file.fileno())
                if about.st_uid != os.getuid() or about.st_mode & 0o077:
                    raise PermissionError("expected a file that its owner alone may read")
                return msgspec.json.decode(file.read(), type=StoredSessions)
        except FileNotFoundError:
            pass
        except (OSError, msgspec.DecodeError) as error:
            log.warning("%s: %s: everybody has to log in again", self._path, error)
        kept = StoredSessions()
        self.write(kept)
        return kept

    def write(self, kept: StoredSessions) -> None:
        """Replace the file atomically."""
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=self._path.parent, delete=False) as file:
                file.write(msgspec.json.encode(kept))
            os.replace(file.name, self._path)
        except OSError as error:
            log.warning("%s: %s: sessions end with this process", self._path, error)
