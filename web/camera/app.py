"""The camera page as a Starlette application: the page itself, WHIP, and the pages for monitoring."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from functools import partial

from aiortc import RTCIceServer
from prometheus_client.core import Metric
from prometheus_client.registry import Collector
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware.base import BaseHTTPMiddleware, RequestResponseEndpoint
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route

from streams.chain.types import Chain
from streams.kafka import topics
from streams.runtime import metrics
from streams.runtime.metrics import counter, gauge
from streams.runtime.ports import PROCESS_HEADER
from streams.settings import Settings
from streams.wire.cameras import CAMERAS
from web.assets import layout
from web.auth.access import HEADERS, METRICS, RequestInfo, is_local, refusal
from web.camera.ice import for_browsers
from web.camera.offer import DEFAULT_INTERVAL_MS, DEFAULT_SOURCE, INTERVAL_MS, CameraKeys
from web.camera.whip import FRAMES, Whip

log = logging.getLogger(__name__)
_HEADERS = HEADERS | {"Permissions-Policy": "camera=(self), microphone=(), geolocation=()"}


def build(settings: Settings, chain: Chain, keys: CameraKeys, ice: list[RTCIceServer]) -> Starlette:
    """The web application."""
    whip = Whip(settings, chain, keys, ice)
    whip.bus_ready = _BusReady(settings, chain, (*whip.topics, CAMERAS))
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
            Route(METRICS, partial(_metrics, CameraMetrics(whip))),
            *whip.routes,
            Route("/static/{version}/{file}", _file),
        ],
        lifespan=lifespan,
        exception_handlers={HTTPException: _error},
    )
    app.add_middleware(BaseHTTPMiddleware, dispatch=partial(_guard, None if keys else "key"))
    return app


async def _file(request: Request) -> Response:
    file = layout.asset(request.path_params["version"], request.path_params["file"])
    return Response(file.body, headers=file.headers) if file else PlainTextResponse("Not Found\n", 404)


class _BusReady:
    """Makes the topics once the broker answers; later calls ask nothing."""

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


async def _metrics(collector: CameraMetrics, request: Request) -> Response:
    if not is_local(_info(request)):
        return PlainTextResponse("Expected a request of this host\n", 403)
    return Response(metrics.page(collector), headers={"Content-Type": metrics.CONTENT_TYPE})


async def _error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return PlainTextResponse(f"{error.detail}\n", error.status_code, error.headers)


async def _guard(unset: str | None, request: Request, go_on: RequestResponseEndpoint) -> Response:
    """The access rules and the response headers as a Starlette middleware."""
    why = refusal(_info(request), "this host", unset)
    answer = PlainTextResponse(f"{why}\n", 403) if why else await go_on(request)
    for name, value in _HEADERS.items():
        answer.headers.setdefault(name, value)
    return answer


def _info(request: Request) -> RequestInfo:
    return RequestInfo(
        method=request.method,
        scheme=request.url.scheme,
        host=request.headers.get("Host", ""),
        hostname=request.url.hostname or "",
        path=request.url.path,
        remote=request.client.host if request.client else "",
        headers=request.headers,
    )


class CameraMetrics(Collector):
    """The metrics of a camera page; they name no source."""

    def __init__(self, whip: Whip) -> None:
        self._whip = whip

    def collect(self) -> Iterable[Metric]:
        yield gauge("imagebus_cameras", "Cameras that are sending.", (), {(): self._whip.cameras})
        frames = self._whip.frames
        about = "Frames of cameras: received, sent (on the bus) or lost."
        yield counter("imagebus_camera_frames_total", about, ("outcome",), {(each,): frames[each] for each in FRAMES})
