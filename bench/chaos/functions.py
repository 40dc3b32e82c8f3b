"""Functions that misbehave while a file is there, for scenarios that mend it."""

from __future__ import annotations

import time
from pathlib import Path

from functions import Frame, function
from tests.stub_functions import detect_stub

_SLOW_S = 0.5
_HOARD_BYTES = 32 * 1024 * 1024
_hoard: list[bytearray] = []


@function(labels=lambda flag: ("person", "car"))
def detect_slowly(frame: Frame, *, flag: str = "") -> Frame:
    """As detect_stub, and half a second each while the file is there."""
    if Path(flag).exists():
        time.sleep(_SLOW_S)
    return detect_stub(frame)


@function(labels=lambda flag: ("person", "car"))
def detect_and_hoard(frame: Frame, *, flag: str = "") -> Frame:
    """As detect_stub, and 32 MiB more that are never given back while the file is there."""
    if Path(flag).exists():
        _hoard.append(bytearray(_HOARD_BYTES))
    return detect_stub(frame)
