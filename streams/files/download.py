"""Download one file: resumed after an interruption, and renamed into place once its SHA-256 is checked."""

from __future__ import annotations

import hashlib
import http.client
import itertools
import os
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

from functions.core.errors import UsageError

_TRIES = 5
_WAIT_S = 0.5
_TIMEOUT_S = 30.0
_CHUNK = 1 << 16
_PARTIAL = 206
_SERVER_ERROR = 500


class FetchError(UsageError):
    """A file cannot be downloaded; the text says why and what to do."""


def fetch(url: str, target: Path, sha256: str, size: int, progress: Callable[[int], object]) -> None:
    """Download a file of this size and SHA-256; `progress` gets the number of bytes so far. Raises FetchError.

    Proxies are those of the environment (http_proxy, https_proxy, no_proxy). A file with another checksum is
    kept beside the target as `….wrong`; an existing target is replaced only by the right one.
    """
    part = target.with_name(f"{target.name}.part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        _download(url, part, size, progress)
        _check(part, target, url, sha256)
        if target.exists():
            os.replace(target, _beside(target))
        os.replace(part, target)
    except OSError as error:
        raise FetchError(f"{target}: cannot be written: {error.strerror or error}") from None


def _download(url: str, part: Path, size: int, progress: Callable[[int], object]) -> None:
    """Download up to `size`, resuming as often as needed; gives up after several attempts without progress."""
    failures, problem = 0, ""
    while (before := _length(part)) < size and failures < _TRIES:
        if failures:
            time.sleep(_WAIT_S * failures)
        problem = _resume(url, part, size, progress)
        failures = 0 if _length(part) > before else failures + 1
    if _length(part) < size:
        raise FetchError(f"{url}: expected {size} bytes, got {_length(part)}: {problem}")


def _resume(url: str, part: Path, size: int, progress: Callable[[int], object]) -> str:
    """Resume once; why it ended. Raises FetchError for an error that a retry would not change."""
    headers = {"Range": f"bytes={_length(part)}-", "User-Agent": "imagebus"}
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=_TIMEOUT_S) as response:
            _append(response, part, size, progress)
    except urllib.error.HTTPError as error:
        if error.code < _SERVER_ERROR:
            raise FetchError(f"{url}: the server says {error.code} {error.reason}") from None
        return f"the server says {error.code} {error.reason}"
    except urllib.error.URLError as error:
        return f"the server cannot be reached ({error.reason})"
    except (http.client.HTTPException, TimeoutError, ConnectionError) as error:
        return f"the connection broke ({str(error) or type(error).__name__})"
    return "the server ended too soon"


def _append(response: Any, part: Path, size: int, progress: Callable[[int], object]) -> None:
    # A server without range requests sends the whole file.
    with part.open("ab" if response.status == _PARTIAL else "wb") as file:
        while file.tell() <= size and (chunk := response.read1(_CHUNK)):
            file.write(chunk)
            progress(file.tell())


def _check(part: Path, target: Path, url: str, sha256: str) -> None:
    with part.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != sha256:
        wrong = _beside(target)
        os.replace(part, wrong)
        raise FetchError(f"{url}: expected SHA-256 {sha256}, got {found}: refused, and kept at {wrong}")


def _length(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _beside(target: Path) -> Path:
    """A free name for a file with another checksum: no file is deleted."""
    names = (target.with_name(f"{target.name}.wrong{number or ''}") for number in itertools.count())
    return next(name for name in names if not name.exists())
