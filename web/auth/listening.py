"""How the viewer and the camera page listen: their shared options, and the addresses and ports that are refused."""

from __future__ import annotations

import errno
import socket
import ssl
from pathlib import Path

import click

from functions.core.errors import UsageError
from web.auth.access import is_loopback


class ListenError(UsageError):
    """A web server cannot listen as asked."""


pem_file = click.Path(exists=True, dir_okay=False, path_type=Path)
tls_key_option = click.option(
    "--tls-key", type=pem_file, help="Its private key, PEM, where the certificate's file does not hold it."
)
insecure_option = click.option(
    "--insecure",
    is_flag=True,
    help="Listen beyond loopback without TLS: passwords, keys and pictures go over the network for everybody on it to "
    "read and change, and browsers send the cookie over http as well.",
)


def refuse_open(host: str, secret: str, remedy: str) -> None:
    """Refuse an address that other hosts can reach where no `secret` is set. Raises ListenError."""
    if not is_loopback(host):
        raise ListenError(
            f"--host: expected a loopback address (127.0.0.1, ::1, localhost) since no {secret} is set, got {host}; "
            f"set {remedy}"
        )


def tls_for(
    host: str, port: int, cert: Path | None, key: Path | None, insecure: bool, variable: str
) -> ssl.SSLContext | None:
    """The TLS context, None for http; `variable` sets the port in the Procfile. Raises ListenError."""
    _refuse_readable(host, cert, insecure)
    context = _tls_context(cert, key)
    _refuse_taken(host, port, variable)
    return context


def _refuse_readable(host: str, cert: Path | None, insecure: bool) -> None:
    """Refuse to send secrets over a network in clear text, unless that is wanted."""
    if cert is None and not insecure and not is_loopback(host):
        raise ListenError(
            f"--host: expected --tls-cert with an address that others can reach, got {host} without: passwords and "
            "pictures would be readable on the network; `imagebus certificate` makes one, a proxy on this host can "
            "serve https before a loopback address, and --insecure does without"
        )


def _tls_context(cert: Path | None, key: Path | None) -> ssl.SSLContext | None:
    if cert is None:
        if key is not None:
            raise ListenError("--tls-key: expected --tls-cert with it, got none")
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        context.load_cert_chain(cert, key)
    except (ssl.SSLError, OSError) as error:
        raise ListenError(f"--tls-cert: expected a certificate and its key in PEM, got {cert}: {error}") from None
    return context


def _refuse_taken(host: str, port: int, variable: str) -> None:
    try:
        socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET).close()
    except OSError as error:
        taken = f"which is taken; name another, with {variable} where the Procfile starts it"
        why = taken if error.errno == errno.EADDRINUSE else error.strerror
        raise ListenError(f"--port: expected a free port, got {port}, {why}") from None
