"""The command `imagebus camera`: a page that makes a browser's camera a source, and a WHIP address for others."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from functools import partial
from pathlib import Path

import click
import uvicorn
from aiortc import RTCIceServer
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from streams import settings as config
from streams.chain.check import checked
from streams.chain.types import Chain
from streams.kafka import topics
from streams.runtime import logs, metrics
from streams.runtime.ports import PROCESS_HEADER
from streams.settings import Settings
from web.assets import layout
from web.assets.layout import STATIC
from web.auth.connection_limits import Http
from web.auth.peers import is_loopback, is_own_page, is_proxied
from web.camera.ice import for_browsers
from web.camera.ice import servers as ice_servers
from web.camera.keys import CameraKeys, load_keys
from web.camera.metrics import CameraMetrics
from web.camera.whip import DEFAULT_INTERVAL_MS, DEFAULT_SOURCE, INTERVAL_MS, Whip
from web.viewer.command import ViewerError, insecure_option, refuse_readable, refuse_taken, tls_context
from web.viewer.site import HEADERS

log = logging.getLogger(__name__)
_PATH = click.Path(exists=True, dir_okay=False, path_type=Path)
_STOP_S = 2
_HEADERS = HEADERS | {"Permissions-Policy": "camera=(self), microphone=(), geolocation=()"}


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on; not loopback: a key.")
@click.option("--port", default=8080, show_default=True, type=click.IntRange(1, 65535), help="Port to listen on.")
@click.option("--tls-cert", type=_PATH, help="Certificate chain, PEM: phones give a camera to https pages only.")
@click.option("--tls-key", type=_PATH, help="Its private key, PEM, where the certificate's file does not hold it.")
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
    if not keys and not is_loopback(host):
        raise ViewerError(
            f"--host: expected a loopback address (127.0.0.1, ::1, localhost) since no key is set, got {host}; "
            "set IMAGEBUS_CAMERA_KEY or IMAGEBUS_CAMERA_KEY_FILE"
        )
    refuse_readable(host, tls_cert, insecure)
    servers = ice_servers(ice)
    tls = tls_context(tls_cert, tls_key)
    refuse_taken(host, port, "CAMERA_PORT")
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


def build(settings: Settings, chain: Chain, keys: CameraKeys, ice: list[RTCIceServer]) -> Starlette:
    """The web application."""
    whip = Whip(settings, chain, keys, ice)
    whip.bus_ready = _BusReady(settings, chain, whip.topics)
    told = {
        "topics": whip.topics,
        "source": DEFAULT_SOURCE,
        "interval_ms": DEFAULT_INTERVAL_MS,
        "limits_ms": INTERVAL_MS,
        "key": bool(keys),
        "ice": for_browsers(ice),
    }
    page = layout.page("camera", "Camera", "camera", told)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        yield
        await whip.close()

    app = Starlette(
        routes=[
            Route("/", lambda request: HTMLResponse(page)),
            Route("/health", lambda request: PlainTextResponse("alive\n", headers={PROCESS_HEADER: "camera"})),
            Route("/ready", partial(_ready, whip.bus_ready)),
            Route("/metrics", partial(_tell, CameraMetrics(whip))),
            *whip.routes,
            Mount("/static", StaticFiles(directory=STATIC)),
        ],
        lifespan=lifespan,
        exception_handlers={HTTPException: _say},
    )
    app.add_middleware(BaseHTTPMiddleware, dispatch=_guard(keys))
    return app


class _BusReady:
    """Makes the topics once the broker answers; then there is nothing more to ask."""

    def __init__(self, settings: Settings, chain: Chain, names: tuple[str, ...]) -> None:
        self._client = topics.admin(settings)
        self._plans = [topics.plan(settings, chain, name) for name in names]
        self._ready = False

    async def __call__(self) -> bool:
        if not self._ready:
            try:
                await asyncio.to_thread(self._make)
            except topics.Refused as error:
                log.error(error)
                return False
            except Exception:  # whatever it is, the broker did not answer
                return False
            self._ready = True
        return True

    def _make(self) -> None:
        self._client.list_topics(timeout=3)
        topics.make(self._client, self._plans)


async def _ready(bus_ready: Callable[[], Awaitable[bool]], request: Request) -> Response:
    ready = await bus_ready()
    return PlainTextResponse("ready\n" if ready else "waits for the broker\n", 200 if ready else 503)


async def _tell(collector: CameraMetrics, request: Request) -> Response:
    """For Prometheus on this host."""
    here = is_loopback(request.client.host if request.client else "") and not is_proxied(request.headers)
    if not here:
        return PlainTextResponse("Expected a request of this host\n", 403)
    return Response(metrics.page(collector), headers={"Content-Type": metrics.CONTENT_TYPE})


async def _say(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return PlainTextResponse(f"{error.detail}\n", error.status_code, error.headers)


def _guard(keys: CameraKeys) -> Callable[[Request, Callable[[Request], Awaitable[Response]]], Awaitable[Response]]:
    """As the viewer's: no foreign page's posts, and no foreign name for this host where no key is asked for."""

    async def check(request: Request, go_on: Callable[[Request], Awaitable[Response]]) -> Response:
        origin, host = request.headers.get("Origin"), request.headers.get("Host", "")
        safe = request.method in ("GET", "HEAD")
        if not safe and origin and not is_own_page(origin, request.url.scheme, host):
            answer: Response = PlainTextResponse("Expected a page of this host\n", 403)
        elif not keys and not is_loopback(request.url.hostname or ""):
            answer = PlainTextResponse("Expected http://127.0.0.1 or http://localhost, since no key is set\n", 403)
        else:
            answer = await go_on(request)
        answer.headers.update(_HEADERS)
        return answer

    return check
