"""The command `imagebus camera`: a page that makes a browser's camera a source, and a WHIP address for others."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import click
import uvicorn

from streams import settings as config
from streams.chain.check import checked
from streams.runtime import logs
from web.auth.connection_limits import Http
from web.auth.listening import insecure_option, pem_file, refuse_open, tls_for, tls_key_option
from web.camera.app import build
from web.camera.ice import servers as ice_servers
from web.camera.offer import load_keys

_STOP_S = 2


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on; not loopback: a key.")
@click.option("--port", default=8080, show_default=True, type=click.IntRange(1, 65535), help="Port to listen on.")
@click.option("--tls-cert", type=pem_file, help="Certificate chain, PEM: phones give a camera to https pages only.")
@tls_key_option
@click.option("--ice", multiple=True, metavar="URL", help="stun:HOST or turn:HOST; none is needed on one network.")
@insecure_option
def camera(
    host: str, port: int, tls_cert: Path | None, tls_key: Path | None, ice: tuple[str, ...], insecure: bool
) -> None:
    """Let browsers and other WHIP clients send their camera to the bus.

    IMAGEBUS_CAMERA_KEY, or this with _FILE, is the key for it; the operator's password is one as well;
    IMAGEBUS_CAMERA_KEYS, or this with _FILE, has keys for one name each, NAME=KEY a line. Without any, it listens on
    loopback only. A turn: server's user is IMAGEBUS_TURN_USER, with IMAGEBUS_TURN_PASSWORD, or this
    with _FILE.
    """
    settings = config.load()
    chain = checked(settings)
    keys = load_keys()
    if not keys:
        refuse_open(host, "key", "IMAGEBUS_CAMERA_KEY or IMAGEBUS_CAMERA_KEY_FILE")
    servers = ice_servers(ice)
    tls = tls_for(host, port, tls_cert, tls_key, insecure, "CAMERA_PORT")
    click.echo(f"imagebus camera: {'https' if tls else 'http'}://{host}:{port}/ (broker {settings.kafka_url})")
    logs.set_up(settings)
    with suppress(KeyboardInterrupt):  # uvicorn raises it once more when it has ended
        uvicorn.run(
            build(settings, chain, keys, servers),
            host=host,
            port=port,
            # Its other protocols have no deadline for a request; its headers of proxies are believed on loopback only.
            http=Http,
            loop="web.auth.connection_limits:Loop",
            log_level="warning",
            log_config=None,
            server_header=False,
            timeout_graceful_shutdown=_STOP_S,
            ssl_certfile=tls_cert,
            ssl_keyfile=tls_key,
        )
