"""`imagebus record`: records the outputs of the chain file of kind recording; lists and erases what is recorded."""

from __future__ import annotations

from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait

import click

from streams import settings
from streams.chain.check import checked
from streams.recording.chosen import recordings
from streams.recording.recorder import Recorder
from streams.runtime import logs
from streams.runtime.shutdown import stopped_by_signals


@click.command()
@click.option("--output", "name", default="", metavar="NAME", help="Only this [outputs.NAME]; by default all.")
def record(name: str) -> None:
    """Record the topics that the chain file names in its [outputs.NAME] of kind "recording".

    One video file a source and minute, DIR/SOURCE/YYYY-MM-DD/HH-MM-SS.mp4 (UTC), and its numbers beside it. Started
    again it goes on where it left off, as far back as the topic goes.
    """
    conf = settings.load()
    chosen = recordings(checked(conf), name)
    logs.set_up(conf)
    recorders = [Recorder(conf, each) for each in chosen]
    with stopped_by_signals() as stop, ThreadPoolExecutor(len(recorders)) as threads:
        running = [threads.submit(recorder.run, stop.event) for recorder in recorders]
        wait(running, return_when=FIRST_EXCEPTION)
        stop.event.set()
        for each in running:
            each.result()
