"""Supervises one Faust app of a worker: makes its topics, starts it, and starts it anew when the bus refuses it."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from abc import abstractmethod
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from typing import NoReturn, cast

from confluent_kafka.admin import AdminClient
from mode import Service
from prometheus_client.core import Metric

from functions.core.errors import UsageError
from streams.kafka import topics
from streams.kafka.faust_consumer import Consumer
from streams.kafka.lone_consumer import lone_consumer
from streams.runtime.errors import Exhausted, Stopped, as_stopped, text_of
from streams.runtime.faust_app import BusApp
from streams.runtime.lag import Lag, Liveness, held
from streams.runtime.poison_records import leave_nothing
from streams.settings import Settings

log = logging.getLogger(__name__)

EXIT_USAGE, EXIT_HANGS = 2, 70
_RESTART_S = 5.0
_LOOK_S = 0.25
_ASK_WHY_S = 5.0
_ASK_IDLE_S = 2.0
_STOP_S = 15.0


Refuse = Callable[[Stopped], None]


class ReadingApp:
    """A Faust app and the topics that it reads."""

    def __init__(self, app: BusApp, inputs: Iterable[str]) -> None:
        self.app = app
        self.lag = Lag(app)
        self._inputs = frozenset(inputs)

    @property
    def missing(self) -> frozenset[str]:
        """The topics it should read and holds no partition of."""
        return self._inputs - {partition.topic for partition in held(self.app)}

    async def stop(self, wait: bool) -> None:
        """Commit what is acked and stop; `wait` some seconds for what is in flight."""
        if consumer := cast(Consumer | None, self.app._consumer):
            consumer.patience_s *= wait
        await self.app.stop()


class AppWorker(Service):
    """One supervised app; `trouble` is why it is not ready (empty: it is), `restarts` how often it was started anew."""

    mundane_level = "debug"

    def __init__(self, name: str, settings: Settings) -> None:
        super().__init__()
        self.name, self._settings = name, settings
        self.trouble = "is starting"
        self.restarts = 0
        # A record may take its whole time, and not a second longer.
        self.liveness = Liveness(settings.time_limit_s + settings.stall_s)
        self._app: ReadingApp | None = None
        self._refusal: Stopped | None = None

    @property
    @abstractmethod
    def counts(self) -> Counter[str]:
        """Records by outcome."""

    def metrics(self) -> Iterable[Metric]:
        """What it has to tell Prometheus beside what every app has."""
        return ()

    def warm_up(self) -> None:
        """Load what the first record needs; called in a thread."""

    @abstractmethod
    def make_topics(self, client: AdminClient) -> None:
        """Create the topics that do not exist; called in a thread. Raises BusError."""

    @abstractmethod
    def new_app(self) -> ReadingApp:
        """A new Faust app; it calls `refuse` with what the bus refuses."""

    async def on_stop(self) -> None:
        """Finish what is in flight and commit it."""
        if self._app:
            await self._app.stop(wait=True)

    @Service.task
    async def _run(self) -> None:
        await asyncio.to_thread(self.warm_up)
        self.add_future(self._see_that_it_moves())
        while not self.should_stop:
            try:
                # A new client each time: one that lost the broker may not find its controller again.
                client = topics.admin(self._settings)
                await self._make_topics(client)
                await self._run_app(client)
            except Exception as error:
                self._report(str(error) if isinstance(error, (Stopped, UsageError)) else text_of(error))
            if not self.should_stop:
                self.restarts += 1
                await self.sleep(_RESTART_S)

    async def _see_that_it_moves(self) -> None:
        """Restart the app when it is idle while records wait: a consumer may end without an error."""
        client = lone_consumer(self._settings)
        while not self.should_stop:
            await self.sleep(_ASK_IDLE_S)
            if self._app and await self.liveness.stalled(self.counts.total(), self._app.lag, client, _ASK_IDLE_S):
                idle_s = self.liveness.idle_s
                self.refuse(Stopped(f"has done none of the records that wait for it for {idle_s:.0f} s"))

    @property
    def lag(self) -> dict[str, int]:
        """Records of each of its topics that it has not acknowledged."""
        return self._app.lag.by_topic() if self._app else {}

    async def _make_topics(self, client: AdminClient) -> None:
        while not self.should_stop:
            try:
                await asyncio.to_thread(self.make_topics, client)
            except topics.BusError as error:
                known = isinstance(error, topics.Refused)
                self._report(str(error) if known else f"waits for the broker at {self._settings.kafka_url}: {error}")
                await self.sleep(1)
            else:
                return

    async def _run_app(self, client: AdminClient) -> None:
        self._refusal = None
        self._app = self.new_app()
        try:
            await self._app.app.start()
            await self._look_after(self._app, client)
        except Exhausted as error:
            # Commit the dead letters, so that they are not read again; for some seconds, whatever comes of it.
            await asyncio.wait([asyncio.create_task(self._app.stop(wait=False))], timeout=_STOP_S)
            leave(EXIT_HANGS, f"Stage {self.name}: {error}; this process ends, for its supervisor to start it again")
        finally:
            await self._end(self._app)

    async def _end(self, app: ReadingApp) -> None:
        """Stop the app, or end the process where it does not stop."""
        stopping = asyncio.create_task(app.stop(wait=False))  # Faust would not heed a time-out's cancellation
        if not (await asyncio.wait([stopping], timeout=_STOP_S))[0]:
            leave(
                EXIT_HANGS, f"Stage {self.name}: does not end; this process does, for its supervisor to start it again"
            )
        stopping.result()

    async def _look_after(self, app: ReadingApp, client: AdminClient) -> None:
        lacking = 0.0
        while not self.should_stop:
            if self._refusal:
                raise self._refusal
            if app.app.crash_reason:
                raise app.app.crash_reason
            lacking = lacking + _LOOK_S if app.missing else 0.0
            if not lacking:
                self._report("")
            elif lacking >= _ASK_WHY_S:
                self._report(await asyncio.to_thread(topics.why_missing, client, app.missing))
            await self.sleep(_LOOK_S)

    def refuse(self, refusal: Stopped) -> None:
        """Restart the app, because of this error."""
        self._refusal = refusal

    def _report(self, trouble: str) -> None:
        if trouble != self.trouble:
            level, fields = logging.ERROR if trouble else logging.INFO, {"stage": self.name}
            log.log(level, "Stage %s: %s", self.name, trouble or "is ready", extra={"fields": fields})
        self.trouble = trouble


async def until_stopped(work: Awaitable[None], refuse: Refuse) -> None:
    """Await an agent's work, which never ends by itself, and pass on the error that ended it."""
    try:
        await work
    except (Exception, SystemExit, KeyboardInterrupt) as error:
        refuse(as_stopped(error))
        # Faust starts an agent that ended again, and it would go on behind what was held.
        await asyncio.Event().wait()


def leave(code: int, why: str) -> NoReturn:
    """End the process at once, whatever its threads do."""
    print(f"imagebus: {why}", file=sys.stderr, flush=True)  # noqa: T201
    leave_nothing()
    logging.shutdown()
    os._exit(code)
