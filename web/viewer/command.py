"""The command `imagebus viewer`: live pictures in a browser."""

from __future__ import annotations

import asyncio
from pathlib import Path

import click
import faust

from streams import settings as config
from streams.chain.check import checked
from web.auth import credentials
from web.auth.connection_limits import Loop
from web.auth.listening import insecure_option, pem_file, refuse_open, tls_for, tls_key_option
from web.viewer.app import build

_REMEDY = "IMAGEBUS_OPERATOR_PASSWORD or IMAGEBUS_VIEWER_PASSWORD, or these with _FILE"


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on; not loopback: passwords.")
@click.option("--port", default=5000, show_default=True, type=click.IntRange(1, 65535), help="Port to listen on.")
@click.option("--tls-cert", type=pem_file, help="Certificate chain, PEM: serve https.")
@tls_key_option
@insecure_option
def viewer(host: str, port: int, tls_cert: Path | None, tls_key: Path | None, insecure: bool) -> None:
    """Show the chain's frames in a browser, live.

    IMAGEBUS_OPERATOR_PASSWORD and IMAGEBUS_VIEWER_PASSWORD, or these with _FILE, set passwords: an operator sees
    every topic, a viewer redacted topics only. Without any, it listens on loopback only.
    """
    settings = config.load()
    chain = checked(settings)
    passwords = credentials.load()
    if not passwords:
        refuse_open(host, "password", _REMEDY)
    tls = tls_for(host, port, tls_cert, tls_key, insecure, "VIEWER_PORT")
    asyncio.set_event_loop(Loop())
    app = build(settings, chain, passwords, web_host=host, web_bind=host, web_port=port, web_ssl_context=tls)
    scheme = "https" if tls else "http"
    click.echo(f"imagebus viewer: {scheme}://{host}:{port}/ (broker {settings.kafka_url}); Ctrl-C ends it")
    worker = faust.Worker(app, loglevel="warning", quiet=True)
    worker.spinner = None  # it would draw on a log file too
    worker.execute_from_commandline()
