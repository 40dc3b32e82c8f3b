"""`imagebus notify`: the outputs of kind mqtt and webhook of the chain file, and its alerts."""

from __future__ import annotations

import click
import faust
from msgspec.structs import replace

from streams import settings as config
from streams.chain.check import checked
from streams.notify.worker import workers
from streams.worker.process import Worker
from streams.zones.reader import ZonesReader


@click.command()
@click.option(
    "--port", type=click.IntRange(1, 65535), help="Port of its /health, /ready and /metrics; else a free one."
)
def notify(port: int | None) -> None:
    """Tell MQTT and webhooks numbers and alerts: the [outputs.NAME] of these kinds and the [alerts.NAME]."""
    settings = replace(config.load(), web_port=port or 0)
    chain = checked(settings)
    app = Worker(workers(chain, settings), settings, chain, ZonesReader(settings, chain))
    faust.Worker(app, loglevel="info").execute_from_commandline()
