"""`imagebus cameras`: run the cameras of the chain file, or list how all are."""

from __future__ import annotations

import click
from confluent_kafka import KafkaException

from streams import settings
from streams.cameras.metrics import StateMetrics
from streams.fleet.fleet import Fleet
from streams.fleet.table import show
from streams.kafka.topics import BusError
from streams.producer.metrics import serve
from streams.runtime import logs
from streams.runtime.shutdown import stopped_by_signals


@click.command()
@click.option("--list", "listed", is_flag=True, help="Show the states of all cameras on the bus; live on a terminal.")
@click.option("--metrics-port", type=click.IntRange(1, 65535), help="Answer Prometheus on this port of 127.0.0.1.")
def cameras(listed: bool, metrics_port: int | None) -> None:
    """Run the [cameras.NAME] of the chain file, each in a process of its own.

    The file is followed: a camera that is added, changed or removed there starts, begins anew or ends, and no other.
    """
    conf = settings.load()
    with stopped_by_signals() as stop:
        if listed:
            try:
                show(conf, stop.event)
            except KafkaException as error:
                raise BusError(f"Cameras cannot be listed: {error}") from None
            return
        logs.set_up(conf)
        fleet = Fleet(conf)
        if metrics_port:
            serve(metrics_port, StateMetrics(fleet.states))
        fleet.run(stop.event)
