"""`imagebus publish`: a redacted camera for any recorder."""

from __future__ import annotations

import click

from streams import settings
from streams.publish.publisher import Publisher
from streams.runtime import logs
from streams.runtime.shutdown import stopped_by_signals


@click.command()
@click.argument("names", nargs=-1, metavar="[NAME …]")
def publish(names: tuple[str, ...]) -> None:
    """Send a steady H.264 stream of each source to the recorder that [outputs.NAME] of the chain file names.

    Of all outputs with kind = "stream", or of those named. The file is followed. Where no picture comes a stream goes
    on with a grey one that says so; where a recorder is away it is tried again.
    """
    conf = settings.load()
    with stopped_by_signals() as stop:
        logs.set_up(conf)
        Publisher(conf, names).run(stop.event)
