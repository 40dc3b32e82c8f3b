"""The viewer as a Faust app of its own: it takes every frame of the chain's topics and keeps the newest."""

from __future__ import annotations

import logging
import os
import secrets
import socket
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NoReturn

from aiohttp.web import AppRunner
from faust.app.base import BootStrategy
from faust.types import StreamT
from faust.web.drivers.aiohttp import Web as WebDriver
from mode.types import ServiceT
from msgspec.structs import replace

from functions.core import registry
from functions.core.registry import FunctionError
from streams.chain.function_registry import registered
from streams.chain.types import Chain
from streams.runtime import logs
from streams.runtime.faust_app import BusApp, bus_app
from streams.runtime.lag import Lag, held
from streams.runtime.logs import Seldom
from streams.runtime.membership import Membership
from streams.runtime.shutdown import end_within
from streams.runtime.supervisor import EXIT_HANGS, leave
from streams.settings import Settings
from streams.wire.records import RecordError, decode
from web.auth.connection_limits import REQUEST_S
from web.auth.credentials import Credentials
from web.auth.guard import Guard
from web.auth.session_file import SessionFile
from web.auth.sessions import Sessions
from web.counts.latest import Counts
from web.counts.reader import CountsReader
from web.live.load_shedding import Skipping
from web.live.newest import Newest
from web.live.state import Bus
from web.viewer.broker_wait import Gate
from web.viewer.pages import topic_infos
from web.viewer.site import Site
from web.viewer.vitals import Vitals

log = logging.getLogger(__name__)
_STOP_S = 3.0


class _WebFirst(BootStrategy):
    """Pages come before the broker, so that they can say that it is waited for."""

    app: ViewerApp
    enable_kafka_producer = False

    def server(self) -> Iterable[ServiceT]:
        return self._chain(
            self.web_server(),
            [self.app.gate, self.app.counts_reader, self.app.vitals, self.app.skipping],
            self.kafka_consumer(),
            self.agents(),
            self.kafka_conductor(),
            self.tables(),
        )


class _Web(WebDriver):
    """Faust's web server without Faust's own pages."""

    default_blueprints = production_blueprints = debug_blueprints = ()

    def __init__(self, app: ViewerApp) -> None:
        super().__init__(app)
        # For aiohttp a connection on which a further request has begun and not come is still one that is kept.
        self._runner = AppRunner(self.web_app, access_log=None, keepalive_timeout=REQUEST_S)


class ViewerApp(BusApp):
    """Starts at the newest frame; its group and folder are its own and end with it."""

    BootStrategy = _WebFirst
    gate: Gate
    counts_reader: CountsReader
    site: Site
    skipping: Skipping
    vitals: Vitals
    folder: tempfile.TemporaryDirectory[str]

    def __init__(self, group: str, membership: Membership, **options: Any) -> None:
        own = {
            "consumer_auto_offset_reset": "latest",
            "web_enabled": True,
            "web_in_thread": False,
            "stream_wait_empty": False,
            "worker_redirect_stdouts": False,
        }
        super().__init__(group, membership, **(options | own))

    def _new_web(self) -> _Web:
        return _Web(self)

    def on_webserver_init(self, web: Any) -> None:
        """Add the viewer's own pages."""
        self.site.add_to(web.web_app)

    async def stop(self) -> None:
        """Let the browsers go first, for which the server would wait; a lost broker is not waited for."""
        end_within(_STOP_S, self._leave)
        await self.site.close()
        await super().stop()
        self.folder.cleanup()

    def _leave(self) -> None:
        self.folder.cleanup()
        logging.shutdown()
        os._exit(bool(self.crash_reason))

    def give_up(self, why: str) -> NoReturn:
        """End the process, for its supervisor to start it again."""
        self.folder.cleanup()
        leave(EXIT_HANGS, f"{why}; this process ends, for its supervisor to start it again")

    def holds(self, wanted: frozenset[str]) -> bool:
        """Whether it holds partitions of each of these topics."""
        return wanted <= {partition.topic for partition in held(self)}


def build(settings: Settings, chain: Chain, credentials: Credentials, **web: Any) -> ViewerApp:
    """The viewer's app for the topics of this chain; `web` says how its web server listens, in Faust's words."""
    group = f"imagebus.viewer.{socket.gethostname()}-{secrets.token_hex(4)}"
    folder = tempfile.TemporaryDirectory(prefix="imagebus-viewer-", ignore_cleanup_errors=True)
    sessions = Sessions(credentials, SessionFile(Path(settings.data_dir) / f"viewer-{web.get('web_port', 0)}.sessions"))
    settings = replace(settings, data_dir=folder.name)
    app = bus_app(group, settings, ViewerApp, logging_config=logs.for_faust(settings), **web)
    assert isinstance(app, ViewerApp)
    app.folder = folder
    newest, counts, bus = Newest(chain.topic_names, settings.sources), Counts(), Bus(settings.kafka_url)
    app.gate = Gate(settings, chain, bus, app.holds)
    app.counts_reader = CountsReader(settings, counts)
    lag = Lag(app)
    app.skipping = Skipping(app, lag, newest)
    app.vitals = Vitals(settings, newest, bus, lag, app.give_up)
    infos = topic_infos(chain, _functions(settings))
    app.site = Site(chain, infos, newest, counts, bus, Guard(credentials, sessions), app.vitals)
    for topic in chain.topic_names:
        keep = _keep(topic, newest, settings.max_record_bytes, chain.redacted(topic))
        # Nothing is committed: whoever joins anew starts at the newest frame, and what is skipped is no gap to be kept.
        app.agent(app.topic(topic, acks=False), name=f"newest of {topic}")(keep)
    return app


def _keep(topic: str, newest: Newest, max_bytes: int, redacted: bool) -> Any:
    seldom = Seldom(log)

    async def keep(values: StreamT[bytes]) -> None:
        async for value in values:
            try:
                record = decode(value, max_bytes)
                if redacted and record.redaction is None:
                    raise RecordError("Expected a frame that a redactor has seen, since the topic is redacted")
                newest.put(topic, record)
            except RecordError as error:
                newest.bad[topic] += 1
                seldom.warning(str(error), f"{topic}: {error}", {"topic": topic})

    return keep


def _functions(settings: Settings) -> dict[str, registry.FunctionSpec]:
    """Only the labels are wanted of them: a viewer without a function's own module shows its frames all the same."""
    try:
        return registered(settings)
    except FunctionError as error:
        log.warning("%s", error)
        return registry.load()
