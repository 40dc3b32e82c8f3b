"""`imagebus record`: records the outputs of the chain file of kind recording; lists and erases what is recorded."""

from __future__ import annotations

import sys
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait

import click

from functions.core.errors import UsageError
from streams import settings
from streams.chain.check import checked
from streams.outputs.moment import Moment
from streams.recording.chosen import Recording, recordings, with_source
from streams.recording.erase import Gone, all_until_now, erase
from streams.recording.listing import listing, moment
from streams.recording.recorder import Recorder
from streams.runtime import logs
from streams.runtime.shutdown import stopped_by_signals
from streams.settings import Settings
from streams.wire.names import printable


@click.command(context_settings={"ignore_unknown_options": True})
@click.option("--output", "name", default="", metavar="NAME", help="Only this [outputs.NAME]; by default all.")
@click.option("--list", "listed", is_flag=True, help="Show what is recorded, by source and day, and what is missing.")
@click.option("--delete", "source", default="", metavar="SOURCE", help="Erase this source: all, or from FROM to TO.")
@click.argument("times", metavar="[FROM TO]", nargs=-1, type=Moment())
def record(name: str, listed: bool, source: str, times: tuple[float, ...]) -> None:
    """Record the topics that the chain file names in its [outputs.NAME] of kind "recording".

    One video file a source and minute, DIR/SOURCE/YYYY-MM-DD/HH-MM-SS.mp4 (UTC), and its numbers beside it. Started
    again it goes on where it left off, as far back as the topic goes. With --delete, FROM and TO are times, as 14:30,
    2026-03-01T14:30 or -5m; files are erased as a whole.
    """
    conf = settings.load()
    chosen = recordings(checked(conf), name)
    if source:
        _erase(with_source(chosen, source), source, _span(times))
    elif times:
        raise UsageError("FROM TO: expected --delete SOURCE with them, got none")
    elif listed:
        for each in chosen:
            for line in listing(each):
                click.echo(line)
    else:
        _record(conf, chosen)


def _record(conf: Settings, chosen: list[Recording]) -> None:
    logs.set_up(conf)
    recorders = [Recorder(conf, each) for each in chosen]
    with stopped_by_signals() as stop, ThreadPoolExecutor(len(recorders)) as threads:
        running = [threads.submit(recorder.run, stop.event) for recorder in recorders]
        wait(running, return_when=FIRST_EXCEPTION)
        stop.event.set()
        for each in running:
            each.result()


def _span(times: tuple[float, ...]) -> tuple[float, float]:
    if not times:
        return all_until_now()
    if len(times) != 2 or times[0] >= times[1]:
        raise UsageError("--delete SOURCE FROM TO: expected a time and a later one, or none for all of the source")
    return times[0], times[1]


def _erase(chosen: list[Recording], source: str, span: tuple[float, float]) -> None:
    with stopped_by_signals() as stop:
        for each in chosen:
            try:
                gone = erase(each, source, *span, stop.event)
            except OSError as error:
                raise UsageError(f"{each.name}: {source} cannot be erased from {each.root}: {error.strerror}") from None
            click.echo(printable(f"{each.name}: {source}: {_told(gone)}"))
        if stop.number:
            sys.exit(128 + stop.number)


def _told(gone: Gone) -> str:
    if not gone.files:
        return "nothing was recorded then"
    return (
        f"erased {gone.files:,} files, {gone.frames:,} frames, {gone.bytes / 1e6:,.1f} MB, "
        f"{moment(gone.first_s)} to {moment(gone.last_s)} UTC"
    )
