"""The command `imagebus viewer`: live pictures in a browser."""

from __future__ import annotations

import asyncio
import errno
import socket
import ssl
from pathlib import Path

import click
import faust

from functions.core.errors import UsageError
from streams import settings as config
from streams.chain.check import checked
from web.auth import credentials
from web.auth.connection_limits import Loop
from web.auth.credentials import Credentials
from web.auth.peers import is_loopback
from web.viewer.app import build


class ViewerError(UsageError):
    """The viewer cannot listen as asked."""


_PATH = click.Path(exists=True, dir_okay=False, path_type=Path)
insecure_option = click.option(
    "--insecure",
    is_flag=True,
    help="Listen beyond loopback without TLS: passwords, keys and pictures go over the network for everybody on it to "
    "read and change, and browsers send the cookie over http as well.",
)


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on; not loopback: passwords.")
@click.option("--port", default=5000, show_default=True, type=click.IntRange(1, 65535), help="Port to listen on.")
@click.option("--tls-cert", type=_PATH, help="Certificate chain, PEM: serve https.")
@click.option("--tls-key", type=_PATH, help="Its private key, PEM, where the certificate's file does not hold it.")
@insecure_option
def viewer(host: str, port: int, tls_cert: Path | None, tls_key: Path | None, insecure: bool) -> None:
    """Show the chain's frames in a browser, live.

    IMAGEBUS_OPERATOR_PASSWORD and IMAGEBUS_VIEWER_PASSWORD, or these with _FILE, set passwords: an operator sees
    every topic, a viewer redacted topics only. Without any, it listens on loopback only.
    """
    settings = config.load()
    chain = checked(settings)
    passwords = credentials.load()
    refuse_open(host, passwords)
    refuse_readable(host, tls_cert, insecure)
    tls = tls_context(tls_cert, tls_key)
    refuse_taken(host, port, "VIEWER_PORT")
    asyncio.set_event_loop(Loop())
    app = build(settings, chain, passwords, web_host=host, web_bind=host, web_port=port, web_ssl_context=tls)
    scheme = "https" if tls else "http"
    click.echo(f"imagebus viewer: {scheme}://{host}:{port}/ (broker {settings.kafka_url}); Ctrl-C ends it")
    worker = faust.Worker(app, loglevel="warning", quiet=True)
    worker.spinner = None  # it would draw on a log file too
    worker.execute_from_commandline()


def refuse_open(host: str, passwords: Credentials) -> None:
    """Refuse an address that other hosts can reach where nobody is asked who they are. Raises ViewerError."""
    if not passwords and not is_loopback(host):
        raise ViewerError(
            f"--host: expected a loopback address (127.0.0.1, ::1, localhost) since no password is set, got {host}; "
            "set IMAGEBUS_OPERATOR_PASSWORD or IMAGEBUS_VIEWER_PASSWORD, or these with _FILE"
        )


def refuse_readable(host: str, cert: Path | None, insecure: bool) -> None:
    """Refuse to send what is secret over a network as it is, unless that is wanted. Raises ViewerError."""
    if cert is None and not insecure and not is_loopback(host):
        raise ViewerError(
            f"--host: expected --tls-cert with an address that others can reach, got {host} without: passwords and "
            "pictures would be readable on the network; `imagebus certificate` makes one, a proxy on this host can "
            "serve https before a loopback address, and --insecure does without"
        )


def tls_context(cert: Path | None, key: Path | None) -> ssl.SSLContext | None:
    """What serves https, None where no certificate is given. Raises ViewerError."""
    if cert is None:
        if key is not None:
            raise ViewerError("--tls-key: expected --tls-cert with it, got none")
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        context.load_cert_chain(cert, key)
    except (ssl.SSLError, OSError) as error:
        raise ViewerError(f"--tls-cert: expected a certificate and its key in PEM, got {cert}: {error}") from None
    return context


def refuse_taken(host: str, port: int, variable: str) -> None:
    """Refuse a port that cannot be listened on; `variable` names another to the Procfile. Raises ViewerError."""
    try:
        socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET).close()
    except OSError as error:
        taken = f"which is taken; name another, with {variable} where the Procfile starts it"
        why = taken if error.errno == errno.EADDRINUSE else error.strerror
        raise ViewerError(f"--port: expected a free port, got {port}, {why}") from None
