"""A file of this process in its data folder: replaced as a whole, read and written by its owner alone."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path


def read_own(path: Path) -> bytes:
    """The bytes of a file that nobody else may read or write. Raises OSError, PermissionError where others may."""
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW), "rb") as file:
        about = os.fstat(file.fileno())
        if about.st_uid != os.getuid() or about.st_mode & 0o077:
            raise PermissionError("expected a file that its owner alone may read")
        return file.read()


def replace_own(path: Path, data: bytes) -> None:
    """Write the file atomically: it holds what it held before or all of `data`, on disk. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
        try:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        except OSError:  # a full disk
            os.unlink(file.name)
            raise
    os.replace(file.name, path)
