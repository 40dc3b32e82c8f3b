"""The parent of all stages of one process."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterable, Mapping

import faust
from faust.app.base import BootStrategy
from faust.types.web import Request, Response, View
from mode import Service
from mode.types import ServiceT

from streams.chain.check import check_stage
from streams.chain.function_options import registered
from streams.chain.types import Chain, StageConf
from streams.counting import workers as counting
from streams.runtime import logs
from streams.runtime.faust_app import broker_urls, folder
from streams.runtime.metrics import CONTENT_TYPE, page
from streams.runtime.ports import PROCESS_HEADER, free_port
from streams.runtime.shutdown import end_within
from streams.runtime.supervisor import AppWorker, leave
from streams.settings import Settings
from streams.stage.decoding import sharing
from streams.worker.chain_watch import ChainWatch
from streams.worker.metrics import Stages
from streams.worker.stage_worker import NewApp, StageWorker
from streams.zones.reader import ZonesReader

_OFTEN = 3  # times within the time that systemd waits


class Watchdog(Service):
    """Speaks to the socket that systemd names, and to nobody where it names none."""

    mundane_level = "debug"

    def __init__(self, alive: Callable[[], bool], environ: Mapping[str, str] = os.environ) -> None:
        super().__init__()
        self._alive = alive
        self._address = environ.get("NOTIFY_SOCKET", "").replace("@", "\0", 1)
        self._wait_s = int(environ.get("WATCHDOG_USEC", "0")) / 1e6

    @Service.task
    async def _tell(self) -> None:
        if not self._address:
            return
        self._say("READY=1")
        while self._wait_s and not self.should_stop:
            if self._alive():
                self._say("WATCHDOG=1")
            await self.sleep(self._wait_s / _OFTEN)

    def _say(self, text: str) -> None:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as client:
            client.sendto(text.encode(), self._address)


# Long enough to finish what is held where the broker answers, and less than docker and systemd give.
_STOP_S = 8.0


class _StagesOnly(BootStrategy):
    """The parent reads no topic itself, so it needs no consumer and joins no group."""

    enable_kafka = False

    def agents(self) -> Iterable[ServiceT]:
        return ()


class Worker(faust.App):
    """The parent of all stages of one process, with the pages /health, /ready and /metrics."""

    BootStrategy = _StagesOnly
    mundane_level = "debug"

    def __init__(self, stages: Iterable[AppWorker], settings: Settings, chain: Chain, zones: ZonesReader) -> None:
        super().__init__(
            "imagebus",
            broker=broker_urls(settings),
            datadir=folder(settings, "worker"),
            autodiscover=False,
            logging_config=logs.for_faust(settings),
            web_host=settings.web_host,
            web_port=settings.web_port or free_port(settings.web_host),
            web_router_enabled=False,
            web_tables_enabled=False,
        )
        self.stages = tuple(stages)
        self._settings, self._chain, self._zones = settings, chain, zones
        self._add_pages()

    def on_init_dependencies(self) -> Iterable[ServiceT]:
        """The stages, which start side by side: each does its work in a task of its own."""
        own = (self._zones, *self.stages, Watchdog(self._is_alive), self._chain_watch())
        return [*super().on_init_dependencies(), *own]

    def _chain_watch(self) -> ChainWatch:
        def follow(chain: Chain) -> None:
            for stage in self.stages:
                if isinstance(stage, StageWorker):
                    stage.take_zones(chain)

        return ChainWatch(self._settings, self._chain, follow)

    async def stop(self) -> None:
        """Finish what is held; a broker that is gone is not waited for."""
        end_within(_STOP_S, self._leave)
        await super().stop()

    def _leave(self) -> None:
        leave(
            bool(self.crash_reason),
            f"ends, although not in order after {_STOP_S:.0f} s: what it had not finished comes again",
        )

    def _is_alive(self) -> bool:
        return all(stage.liveness.alive for stage in self.stages)

    def _add_pages(self) -> None:
        @self.page("/health")
        async def health(view: View, request: Request) -> Response:
            state = {
                stage.name: {"alive": stage.liveness.alive, "lag": sum(stage.lag.values()), **stage.counts}
                for stage in self.stages
            }
            status = 200 if self._is_alive() else 503
            return view.json(state, status=status, headers={PROCESS_HEADER: "worker"})

        @self.page("/metrics")
        async def metrics(view: View, request: Request) -> Response:
            text = page(Stages(self.stages))
            return view.bytes(text, headers={"Content-Type": CONTENT_TYPE})

        @self.page("/ready")
        async def ready(view: View, request: Request) -> Response:
            troubles = {stage.name: stage.trouble for stage in self.stages}
            return view.json(troubles, status=503 if any(troubles.values()) else 200)


def worker_of(
    stages: Mapping[str, StageConf], stage_app: NewApp, chain: Chain, settings: Settings, counts: bool = False
) -> Worker:
    """A worker for these stages, checked against the functions and the chain, and for counting. Raises UsageError."""
    functions = registered(settings)
    for name, conf in stages.items():
        check_stage(chain, functions, name, conf)
    zones = ZonesReader(settings, chain)
    # One stage by itself sees every picture once.
    decode = sharing() if len(stages) > 1 else None
    workers: list[AppWorker] = [
        StageWorker(name, conf, functions[conf.function], chain, settings, stage_app, zones, decode)
        for name, conf in stages.items()
    ]
    if counts and chain.counts:
        workers += counting.workers(chain, chain.counts, settings)
    return Worker(workers, settings, chain, zones)
