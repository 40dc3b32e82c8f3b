"""What the topic COUNTS says."""

from __future__ import annotations

from collections.abc import Iterable

from confluent_kafka import Message

from streams.wire.counts import COUNTS, Counted, decode
from tests.bus import consume


def newest(messages: Iterable[Message], window: str = "running") -> set[tuple[str | None, int, int]]:
    """Camera, visitors and unique visitors, as the newest record of each says."""
    counted = [decode(message.value(), Counted) for message in messages]
    return {(each.source, each.visitors, each.unique) for each in _last(counted) if each.window == window}


def _last(counted: Iterable[Counted]) -> Iterable[Counted]:
    return {(each.window, each.starts_at, each.source): each for each in counted}.values()


def wait_counted(url: str, wanted: set[tuple[str | None, int, int]]) -> list[Message]:
    return consume(url, COUNTS, lambda messages: newest(messages) == wanted, timeout_s=40)
