"""`imagebus doctor`: checks this host and its broker, and says what to do about what it finds."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import click

from functions.core.errors import UsageError
from streams import settings as config
from streams.chain.check import checked
from streams.chain.function_options import registered
from streams.chain.types import Chain
from streams.doctor import host
from streams.doctor.bus import bus
from streams.doctor.camera import camera
from streams.doctor.clock import host_clock
from streams.doctor.finding import FAILURE, OK, WARNING, Finding
from streams.settings import Settings


@click.command()
@click.option("--camera", "source", default="", metavar="SOURCE", help="Try this source too, named as for produce.")
def doctor(source: str) -> None:
    """Check this host: Python, packages, chain, models, networks, disk, ports, camera, clock, broker and topics.

    Each finding is ok, a warning or a failure with what to do. Exit code 1 where there is a failure. To compare
    clocks it makes a topic IMAGEBUS_DOCTOR on the broker, for a moment.
    """
    counts = dict.fromkeys((OK, WARNING, FAILURE), 0)
    for finding in findings(source):
        click.echo(finding)
        counts[finding.level] += 1
    click.echo(f"{counts[FAILURE]} failures, {counts[WARNING]} warnings, {counts[OK]} ok")
    sys.exit(1 if counts[FAILURE] else 0)


def findings(source: str) -> Iterator[Finding]:
    """The findings of all checks, as each is made."""
    yield from host.python()
    yield from host.packages()
    try:
        settings = config.load()
    except UsageError as error:
        yield Finding(FAILURE, "settings", "cannot be read, so nothing else was looked at", str(error))
        return
    chain, about = _chain(settings)
    yield about
    if chain:
        yield from host.functions_ready(chain, registered(settings))
    yield from host.model_files(Path(settings.models).expanduser())
    yield from host.precision()
    yield from host.disk(settings)
    yield from host.ports(settings)
    yield from camera(source)
    yield from host_clock()
    yield from bus(settings, chain)


def _chain(settings: Settings) -> tuple[Chain | None, Finding]:
    name = settings.chain or "the one that ships"
    try:
        chain = checked(settings)
    except UsageError as error:
        return None, Finding(FAILURE, "chain", f"{name} cannot run", str(error))
    return chain, Finding(OK, "chain", f"{name}: stages {', '.join(chain.stages)}")
