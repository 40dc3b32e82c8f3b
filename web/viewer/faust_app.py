"""The viewer's Faust app: web server and own services start before Kafka's consumer."""

from __future__ import annotations

import logging
import os
import tempfile
from collections.abc import Iterable
from typing import Any, NoReturn, cast

from aiohttp.web import AppRunner
from faust.app.base import BootStrategy
from faust.types import TP
from faust.web.drivers.aiohttp import Web as WebDriver
from mode.types import ServiceT

from streams.kafka.faust_consumer import Consumer
from streams.runtime.faust_app import BusApp
from streams.runtime.lag import held
from streams.runtime.membership import Membership
from streams.runtime.shutdown import end_within
from streams.runtime.supervisor import EXIT_HANGS, leave
from web.auth.connection_limits import REQUEST_S
from web.live.cameras import CamerasReader
from web.live.load_shedding import LoadShedding
from web.viewer.broker_wait import BrokerWait
from web.viewer.health import Health
from web.viewer.kept_topics import KeptTopics
from web.viewer.site import Site
from web.zones.board import BoardReader

_STOP_S = 3.0


class _WebFirst(BootStrategy):
    """Starts the web server before anything that needs the broker, so that pages can say that it is away."""

    app: ViewerApp
    enable_kafka_producer = False

    def server(self) -> Iterable[ServiceT]:
        return self._chain(
            self.web_server(),
            self._own_services(),
            self.kafka_consumer(),
            self.agents(),
            self.kafka_conductor(),
            self.tables(),
        )

    def _own_services(self) -> list[ServiceT]:
        app = self.app
        readers = [app.kept_topics, app.cameras_reader, app.zones_reader]
        return [app.broker_wait, *readers, app.health, app.load_shedding]


class _Web(WebDriver):
    """Faust's web server without Faust's own pages."""

    default_blueprints = production_blueprints = debug_blueprints = ()

    def __init__(self, app: ViewerApp) -> None:
        super().__init__(app)
        # aiohttp counts a connection with an incomplete further request as kept alive.
        self._runner = AppRunner(self.web_app, access_log=None, keepalive_timeout=REQUEST_S)


class ViewerApp(BusApp):
    """Starts at the newest frame; consumer group and data folder are its own and end with it."""

    BootStrategy = _WebFirst
    broker_wait: BrokerWait
    kept_topics: KeptTopics
    cameras_reader: CamerasReader
    zones_reader: BoardReader
    site: Site
    load_shedding: LoadShedding
    health: Health
    folder: tempfile.TemporaryDirectory[str]

    def __init__(self, group: str, membership: Membership, librdkafka: dict[str, Any], **options: Any) -> None:
        own = {
            # Nothing is committed: it begins at the end. Where its place has expired it goes on with the oldest record
            # that is left, or else it would pass the only frame of a camera that sends few.
            "consumer_auto_offset_reset": "latest",
            "web_enabled": True,
            "web_in_thread": False,
            "stream_wait_empty": False,
            "worker_redirect_stdouts": False,
        }
        super().__init__(group, membership, librdkafka, **(options | own))

    def _new_web(self) -> _Web:
        return _Web(self)

    def on_webserver_init(self, web: Any) -> None:
        """Add the viewer's own pages."""
        self.site.add_to(web.web_app)

    async def stop(self) -> None:
        """Disconnect browsers first, since the server would wait for them; end in time without a broker as well."""
        end_within(_STOP_S, self._leave)
        await self.site.close()
        await super().stop()
        self.folder.cleanup()

    def _leave(self) -> None:
        self.folder.cleanup()
        logging.shutdown()
        os._exit(bool(self.crash_reason))

    def give_up(self, why: str) -> NoReturn:
        """End the process, for its supervisor to restart it."""
        self.folder.cleanup()
        leave(EXIT_HANGS, f"{why}; this process ends, for its supervisor to start it again")

    def reads(self, wanted: frozenset[str]) -> bool:
        """Whether it reads each of these topics: of what comes from now on it misses nothing."""
        partitions = held(self)
        return wanted <= {each.topic for each in partitions} and all(map(self._is_read, partitions))

    def _is_read(self, partition: TP) -> bool:
        return cast(Consumer, self.consumer).next_offset(partition) is not None
