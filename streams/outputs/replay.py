"""`imagebus replay`: frames that a topic still holds, through a chain again."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator
from threading import Event

import click
from msgspec import structs
from tqdm import tqdm

from functions.core.errors import UsageError
from streams import settings
from streams.chain.check import NUMBERS, checked
from streams.chain.types import DEAD_LETTERS
from streams.outputs.moment import Moment
from streams.outputs.reader import Received, TopicReader
from streams.outputs.shown import at
from streams.outputs.writer import TopicWriter
from streams.runtime.shutdown import stopped_by_signals
from streams.wire import records
from streams.wire.reading import frame_of, redriven_mark
from streams.wire.records import RecordError


@click.command()
@click.argument("topic")
@click.option("--from", "since", type=Moment(), required=True, help="The first moment, by the topic's time stamps.")
@click.option("--to", "until", type=Moment(), required=True, help="The moment at which to end.")
@click.option("--into", required=True, metavar="TOPIC", help="Where the frames go; never a redacted topic.")
@click.option(
    "--speed",
    type=click.FloatRange(0, 1000, min_open=True),
    default=1.0,
    show_default=True,
    help="So many times as fast as they came.",
)
def replay(topic: str, since: float, until: float, into: str, speed: float) -> None:
    """Write the frames that TOPIC still holds from one time to another into another topic.

    For a new function on old frames, or to see what redaction did. A TIME is 14:30, 14:30:05, 2026-03-01T14:30, or
    -5m: five minutes ago. Frames keep their id and their time, and are no longer live, so that no stage skips one.
    """
    conf = settings.load()
    chain = checked(conf)
    if topic in NUMBERS or topic.startswith(DEAD_LETTERS):
        raise UsageError(f"Topic {topic}: expected a topic of frames, got one of numbers or of dead letters")
    if topic == into:
        raise UsageError(f"--into {into}: expected another topic, got the one that is read")
    if since >= until:
        raise UsageError("--from and --to: expected a time and a later one, got the later one first")
    with stopped_by_signals() as stop, TopicReader(conf, topic) as reader:
        writer = TopicWriter(conf, chain, into)
        unreadable = 0
        first = last = 0.0
        messages = _when_due(reader.between(since, until, stop.event), speed, stop.event)
        for message in tqdm(messages, unit=" frames", disable=None):
            try:
                value = _recorded(message, conf.max_record_bytes)
            except RecordError:
                unreadable += 1
                continue
            writer.write(message.key, value, redriven_mark(message.headers))
            first, last = first or message.timestamp, message.timestamp
        writer.flush()
    when = f", from {at(first)} to {at(last)}" if last else ": it holds none of that time"
    bad = f"; {unreadable:,} cannot be read, and stay" if unreadable else ""
    click.echo(f"{writer.acknowledged:,} frames of {topic} into {into}{when}{bad}")
    if stop.number:
        sys.exit(128 + stop.number)
    sys.exit(0 if writer.acknowledged and not unreadable else 1)


def _when_due(messages: Iterable[Received], speed: float, stop: Event) -> Iterator[Received]:
    """Each message as long after the first as it came, at this speed."""
    began: tuple[float, float] | None = None
    for message in messages:
        began = began or (time.monotonic(), message.timestamp)
        stop.wait(began[0] + (message.timestamp - began[1]) / speed - time.monotonic())
        if stop.is_set():
            return
        yield message


def _recorded(message: Received, max_bytes: int) -> bytes:
    """The same record, checked, of a frame that is not live any more. Raises RecordError."""
    return records.encode(structs.replace(records.from_frame(frame_of(message, max_bytes)), live=False), max_bytes)
