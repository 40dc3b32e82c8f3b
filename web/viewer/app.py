"""The viewer: an agent on each topic of the chain, that keeps the newest frame of every source."""

from __future__ import annotations

import logging
import secrets
import socket
import tempfile
from functools import partial
from pathlib import Path
from typing import Any

from faust.types import StreamT
from msgspec.structs import replace

from functions.core import registry
from functions.core.registry import FunctionError
from streams.chain.function_options import registered
from streams.chain.types import Chain
from streams.recording.chosen import recordings_of
from streams.runtime import logs
from streams.runtime.faust_app import bus_app
from streams.runtime.lag import Lag
from streams.runtime.logs import Seldom
from streams.settings import Settings
from streams.wire.alerts import ALERTS
from streams.wire.counts import COUNTS
from streams.wire.reading import refuse_raw
from streams.wire.records import RecordError, decode
from web.alerts.latest import LatestAlerts
from web.alerts.routes import AlertsRoutes
from web.auth.credentials import Credentials
from web.auth.guard import Guard
from web.auth.sessions import SessionFile, Sessions
from web.counts.latest import LatestCounts
from web.held.routes import HeldRoutes
from web.live.cameras import Cameras, CamerasReader
from web.live.load_shedding import LoadShedding
from web.live.newest import NewestFrames
from web.live.protocol import BrokerState
from web.playback.archive import Archive
from web.playback.routes import PlaybackRoutes
from web.redaction.hour import LastHour
from web.viewer.broker_wait import BrokerWait
from web.viewer.faust_app import ViewerApp
from web.viewer.health import Health
from web.viewer.kept_topics import KeptTopics
from web.viewer.pages import topic_infos
from web.viewer.site import Routes, Site
from web.viewer.told import told

log = logging.getLogger(__name__)


def build(settings: Settings, chain: Chain, credentials: Credentials, **web: Any) -> ViewerApp:
    """The viewer's app for the topics of this chain; `web` are Faust's options of its web server."""
    group = f"imagebus.viewer.{socket.gethostname()}-{secrets.token_hex(4)}"
    folder = tempfile.TemporaryDirectory(prefix="imagebus-viewer-", ignore_cleanup_errors=True)
    own = Path(settings.data_dir) / f"viewer-{web.get('web_port', 0)}"
    sessions = Sessions(credentials, SessionFile(own.with_name(f"{own.name}.sessions")))
    settings = replace(settings, data_dir=folder.name)
    app = bus_app(group, settings, ViewerApp, logging_config=logs.for_faust(settings), **web)
    assert isinstance(app, ViewerApp)
    app.folder = folder
    newest, counts, alerts = NewestFrames(chain.topic_names, settings.sources), LatestCounts(), LatestAlerts()
    bus = BrokerState(settings.kafka_url)
    app.broker_wait = BrokerWait(settings, chain, bus, app.reads)
    app.kept_topics = KeptTopics(settings, {COUNTS: counts.take, ALERTS: alerts.take})
    cameras = Cameras(chain.topic_names)
    app.cameras_reader = CamerasReader(settings, cameras)
    lag = Lag(app)
    app.health = Health(settings, newest, bus, lag, app.give_up)
    infos = topic_infos(chain, _functions(settings))
    guard = Guard(credentials, sessions)
    parts = told(settings, chain, own, newest, cameras, guard)
    app.zones_reader = parts.zones_reader
    app.load_shedding = LoadShedding(app, lag, newest, parts.hour.skipped)
    playback = [PlaybackRoutes(Archive(recorded))] if (recorded := recordings_of(chain)) else []
    told_alerts = AlertsRoutes(chain, alerts, partial(app.kept_topics.has, ALERTS))
    held = HeldRoutes(settings, chain, guard)
    more: list[Routes] = [app.health, held, *parts.routes, told_alerts, *playback]
    app.site = Site(chain, infos, newest, cameras, counts, bus, guard, app.health.traffic, more)
    for topic in chain.topic_names:
        keep = _keep(topic, newest, parts.hour, settings.max_record_bytes, chain.redacted(topic))
        # Nothing is committed: each start is at the newest frame, and skipped offsets need no tracking.
        app.agent(app.topic(topic, acks=False), name=f"newest of {topic}")(keep)
    return app


def _keep(topic: str, newest: NewestFrames, hour: LastHour, max_bytes: int, redacted: bool) -> Any:
    seldom = Seldom(log)

    async def keep(values: StreamT[bytes]) -> None:
        async for value in values:
            try:
                record = decode(value, max_bytes)
                if redacted:
                    refuse_raw(record)
                newest.put(topic, record)
                hour.take(topic, record)
            except RecordError as error:
                newest.bad[topic] += 1
                seldom.warning(str(error), f"{topic}: {error}", {"topic": topic})

    return keep


def _functions(settings: Settings) -> dict[str, registry.FunctionSpec]:
    """All functions, for their labels; those that ship where a module of IMAGEBUS_FUNCTIONS is missing here."""
    try:
        return registered(settings)
    except FunctionError as error:
        log.warning("%s", error)
        return registry.load()
