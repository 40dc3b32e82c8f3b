"""Where a result is written: under a temporary name beside its own, which it gets only when it is whole."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from functions.core.errors import UsageError


class ResultError(UsageError):
    """A result cannot be written; the text names it and says why."""


class Place:
    """A file that is not there under its name until `keep`, and leaves nothing where it is not kept.

    What a process that was killed has left behind is written over. Raises ResultError, also where another process is
    writing the same result.
    """

    def __init__(self, path: Path) -> None:
        self._path, self.temporary = path, path.with_name(f".{path.name}.part")
        self._kept = False
        self.file: BinaryIO

    def __enter__(self) -> Self:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self.file = self._locked()
        except OSError as error:
            raise self._error(error) from None
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self._kept:
            self.temporary.unlink(missing_ok=True)
        try:
            self.file.close()
        except OSError as at_last:
            if error is None:
                raise self._error(at_last) from None

    def keep(self) -> None:
        """Give it its name, once all of it is on disk. Raises ResultError."""
        try:
            self.file.flush()
            os.fsync(self.file.fileno())
            os.replace(self.temporary, self._path)
            self._kept = True
            folder = os.open(self._path.parent, os.O_RDONLY)
            os.fsync(folder)
            os.close(folder)
        except OSError as error:
            raise self._error(error) from None

    def _locked(self) -> BinaryIO:
        while True:
            file = os.fdopen(os.open(self.temporary, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o666), "r+b")
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                file.close()
                raise ResultError(f"{self._path}: expected to be alone, got another process that writes it") from None
            if self.temporary.exists() and self.temporary.stat().st_ino == os.fstat(file.fileno()).st_ino:
                file.truncate(0)
                return file
            file.close()  # another process gave it its name in between

    def _error(self, error: OSError) -> ResultError:
        return ResultError(f"{self._path}: cannot be written: {error.strerror}")
