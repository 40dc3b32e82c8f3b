"""The command `imagebus viewer`: live pictures in a browser."""

from __future__ import annotations

import errno
import ipaddress
import socket

import click
import faust

from functions.errors import UsageError
from streams import chain as chains
from streams import settings as config
from web.app import build


class ViewerError(UsageError):
    """The viewer cannot listen as asked."""


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on; loopback only.")
@click.option("--port", default=5000, show_default=True, type=click.IntRange(1, 65535), help="Port to listen on.")
def viewer(host: str, port: int) -> None:
    """Show the chain's frames in a browser, live."""
    settings = config.load()
    chain = chains.load(settings.chain)
    refuse_open(host)
    refuse_taken(host, port)
    app = build(settings, chain, host, port)
    click.echo(f"imagebus viewer: http://{host}:{port}/ (broker {settings.kafka_url}); Ctrl-C ends it")
    worker = faust.Worker(app, loglevel="warning", quiet=True)
    worker.spinner = None  # it would draw on a log file too
    worker.execute_from_commandline()


def refuse_open(host: str) -> None:
    """Refuse an address that other hosts can reach: nobody is asked who they are. Raises ViewerError."""
    if host != "localhost" and not _is_loopback(host):
        raise ViewerError(f"--host: expected a loopback address (127.0.0.1, ::1, localhost), got {host}")


def refuse_taken(host: str, port: int) -> None:
    """Refuse a port that cannot be listened on. Raises ViewerError."""
    try:
        socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET).close()
    except OSError as error:
        hint = "; another viewer may run, --port names another" if error.errno == errno.EADDRINUSE else ""
        raise ViewerError(f"--port: expected a free port, got {port}: {error.strerror}{hint}") from None


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
