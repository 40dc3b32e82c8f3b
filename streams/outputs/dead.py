"""`imagebus dead`: lists dead letters by their reason, shows one, and redrives them."""

from __future__ import annotations

import sys
from pathlib import Path
from threading import Event

import click

from functions.core.errors import UsageError
from streams import settings
from streams.chain.check import checked
from streams.chain.counts_section import NAME as COUNTING
from streams.chain.types import Chain, dead_letters_of, pick
from streams.kafka.compacted import NoTopic
from streams.outputs.dead_letters import DeadLetter, by_reason, letter_of
from streams.outputs.moment import Moment
from streams.outputs.reader import TopicReader
from streams.outputs.redrive import homes, redrive
from streams.outputs.shown import as_json, at
from streams.runtime.shutdown import stopped_by_signals
from streams.settings import Settings
from streams.wire.names import printable
from streams.wire.reading import frame_of, record_of
from streams.wire.records import RecordError

_REASONS = 20


@click.command()
@click.argument("stage", default="")
@click.option("--reason", default="", metavar="TEXT", help="Only those whose reason has this text in it.")
@click.option("--source", "sources", multiple=True, metavar="NAME", help="Only of this source; may be repeated.")
@click.option("--since", type=Moment(), help="Only those that died since then: 14:30, -5m …")
@click.option("--at", "place", default="", metavar="PARTITION/OFFSET", help="Only this one, and show it.")
@click.option("--picture", type=click.Path(path_type=Path), help="With --at: write its picture, raw, to this file.")
@click.option("--redrive", "again", is_flag=True, help="Write them back to the stage's input.")
def dead(
    stage: str,
    reason: str,
    sources: tuple[str, ...],
    since: float | None,
    place: str,
    picture: Path | None,
    again: bool,
) -> None:
    """List the dead letters of STAGE, or of all stages, by their reason.

    After a fix --redrive has the stage try them again: the letters stay where they are until they expire, copies go to
    the input that the chain file gives the stage, at most three times each.
    """
    conf = settings.load()
    chain = checked(conf)
    if not stage and (place or picture or again):
        raise UsageError("--at, --picture and --redrive: expected a STAGE with them, got none")
    if picture and not place:
        raise UsageError("--picture: expected --at PARTITION/OFFSET with it, which says whose")
    pick(chain, [stage] if stage else [])
    if again:
        homes(chain, stage)
    with stopped_by_signals() as stop:
        for name in [stage] if stage else [*chain.stages, *([COUNTING] if chain.counts else [])]:
            reader = _reader(conf, name)
            if reader is None:
                click.echo(f"{dead_letters_of(name)}: nobody has written there yet")
                continue
            with reader:
                if place and not again:
                    _show(reader, place, picture, conf.max_record_bytes, stop.event)
                    continue
                letters = [
                    letter
                    for letter in map(letter_of, reader.held(stop.event))
                    if reason in letter.reason
                    and (not sources or letter.source in sources)
                    and (not since or letter.timestamp >= since)
                    and (not place or letter.place == place)
                ]
                _list(name, reader, letters)
                if again and not stop.event.is_set():
                    _redrive(conf, chain, name, reader, letters, stop.event)
        if stop.number:
            sys.exit(128 + stop.number)


def _reader(conf: Settings, stage: str) -> TopicReader | None:
    """A reader of the stage's dead letters; None before anybody has made the topic."""
    try:
        return TopicReader(conf, dead_letters_of(stage))
    except NoTopic:
        return None


def _list(stage: str, reader: TopicReader, letters: list[DeadLetter]) -> None:
    expired = sum(first for first, _ in reader.marks.values())
    gone = f", {expired:,} older ones expired" if expired else ""
    click.echo(f"{dead_letters_of(stage)}: {len(letters):,} dead letters{gone}")
    reasons = by_reason(letters)
    for reason, count, newest in reasons[:_REASONS]:
        where = f"newest {newest.place} of {newest.source or 'no source'} at {at(newest.timestamp)}"
        click.echo(printable(f"{count:7,}  {reason}  ({where})"))
    if more := reasons[_REASONS:]:
        click.echo(f"{sum(count for _, count, _ in more):7,}  of {len(more)} other reasons")


def _show(reader: TopicReader, place: str, picture: Path | None, max_bytes: int, stop: Event) -> None:
    found = (each for each in reader.held(stop) if f"{each.partition}/{each.offset}" == place)
    if (message := next(found, None)) is None:
        raise UsageError(
            f"--at {place}: expected PARTITION/OFFSET of a dead letter, as the list shows them; there is none, or it "
            "has expired"
        )
    try:
        click.echo(as_json(message, record_of(message, max_bytes)))
    except RecordError as error:
        click.echo(as_json(message, error))
    if picture:
        try:
            picture.write_bytes(frame_of(message, max_bytes).jpeg)
        except RecordError as error:
            raise UsageError(
                f"--picture {picture}: expected a record with a picture, got one that is none: {error}"
            ) from None
        except OSError as error:
            raise UsageError(f"--picture {picture}: expected a file that can be written: {error.strerror}") from None


def _redrive(
    conf: Settings, chain: Chain, stage: str, reader: TopicReader, letters: list[DeadLetter], stop: Event
) -> None:
    outcome = redrive(conf, chain, stage, reader, letters, stop)
    for what, count in outcome.items():
        click.echo(f"{count:7,}  {what}")
    if any(what.startswith("not ") for what in outcome):
        sys.exit(1)
