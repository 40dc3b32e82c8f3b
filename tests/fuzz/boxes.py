"""An MP4 whose boxes are walked for what no player needs: whatever their lengths say, the walk ends."""

from __future__ import annotations

import io
from collections.abc import Iterator

from streams.verify.beside.containers import boxes_of_its_own

MAX_BYTES = 4096
_HEADER = 8


def one(data: bytes) -> None:
    """Walk them: no more is found than there is room for."""
    found = boxes_of_its_own(io.BytesIO(data), len(data))
    assert len(found) <= len(data) // _HEADER, found


def seeds() -> Iterator[bytes]:
    """Boxes in boxes, one of 64 bit length, one without an end, and space that is not empty."""
    start = _box(b"ftyp", b"isom")
    own = _box(b"udta", _box(b"thmb", b"1234") + _box(b"meta", b""))
    yield start + _box(b"moov", _box(b"trak", own) + own) + _box(b"free", b"left")
    yield start + (1).to_bytes(4, "big") + b"uuid" + (24).to_bytes(8, "big") + b"12345678" + _box(b"skip", bytes(8))
    yield start + (0).to_bytes(4, "big") + b"moov" + own
    yield start + (1).to_bytes(4, "big") + b"mdat"


def _box(name: bytes, content: bytes) -> bytes:
    return (len(content) + _HEADER).to_bytes(4, "big") + name + content
