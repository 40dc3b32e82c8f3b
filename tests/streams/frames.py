"""Records for tests: small real JPEGs with what a producer would write."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np
from confluent_kafka import Message

from functions import Frame
from streams.wire import records
from streams.wire.records import Record

RUN = "0123456789ab"


def frame(seq: int = 0, source: str = "cam", live: bool = False, size_wh: tuple[int, int] = (768, 576)) -> Frame:
    """A frame whose picture shows its number as a grey level, captured a tenth of a second after the one before."""
    image = np.full((size_wh[1], size_wh[0], 3), 40 + seq % 200, np.uint8)
    made = Frame.from_image(image, source)
    return replace(made, id=f"{RUN}-{seq}", seq=seq, captured_at=1_700_000_000_000_000 + 100_000 * seq, live=live)


def record(seq: int = 0, source: str = "cam", live: bool = False, size_wh: tuple[int, int] = (768, 576)) -> bytes:
    """The same on the wire."""
    return records.encode(records.from_frame(frame(seq, source, live, size_wh)))


def pairs(seqs: Iterable[int], source: str = "cam") -> list[tuple[str, bytes]]:
    """Key and value of many frames of one source."""
    return [(source, record(seq, source)) for seq in seqs]


def read(messages: Iterable[Message]) -> list[Record]:
    """The records of messages."""
    return [records.decode(message.value()) for message in messages]


def seqs(messages: Iterable[Message], source: str = "cam") -> list[int]:
    """The frame numbers of one source, in the order in which they came."""
    return [record.seq for record in read(messages) if record.source == source]


def first_seen(numbers: Sequence[int]) -> list[int]:
    """The numbers without repeats, in the order of their first appearance."""
    return list(dict.fromkeys(numbers))


def noise(seq: int) -> bytes:
    """A record that is large, since nothing in its picture repeats."""
    image = np.random.default_rng(seq).integers(0, 255, (576, 768, 3), np.uint8)
    return records.encode(records.from_frame(frame(seq).with_image(image)))
