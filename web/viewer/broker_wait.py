"""Waits for the broker before Faust connects, creates the topics, then watches whether the broker answers."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from mode import Service

from streams.chain.types import Chain
from streams.kafka import topics
from streams.settings import Settings
from web.live.protocol import BrokerState

log = logging.getLogger(__name__)
_RETRY_S = 0.5
_CHECK_S = 1.0
_ANSWER_S = 3.0


class BrokerWait(Service):
    """Starts before Faust's consumer, which would fail without a broker, and creates the chain's topics.

    Faust ignores a topic for minutes that is missing when it subscribes.
    """

    def __init__(
        self, settings: Settings, chain: Chain, bus: BrokerState, joined: Callable[[frozenset[str]], bool]
    ) -> None:
        super().__init__()
        self._admin = topics.admin(settings)
        self._plans = [topics.plan(settings, chain, name) for name in chain.topic_names]
        self._topics = frozenset(chain.topic_names)
        self._bus, self._joined = bus, joined

    async def on_start(self) -> None:
        """Return once the broker has every topic of the chain."""
        said = ""
        while not self.should_stop and (trouble := await self._trouble()):
            if trouble != said:
                log.warning(trouble)
                said = trouble
            await asyncio.sleep(_RETRY_S)
        if not self.should_stop:
            await asyncio.to_thread(self._make)
            self._bus.become("joining")

    @Service.task
    async def _watch(self) -> None:
        while not self.should_stop:
            self._note("lost" if await self._trouble() else "ready" if self._joined(self._topics) else "joining")
            await self.sleep(_CHECK_S)

    async def _trouble(self) -> str:
        """Why the broker cannot be used, empty where it can be."""
        try:
            await asyncio.to_thread(self._admin.list_topics, self._plans[0].name, timeout=_ANSWER_S)
        except topics.Refused as error:
            return str(error)
        except Exception:  # whatever it is, the broker did not answer
            return f"Broker {self._bus.url} does not answer: waiting for it"
        return ""

    def _make(self) -> None:
        """Create missing topics; a user who may not goes on with the topics that are visible."""
        try:
            topics.make(self._admin, self._plans)
        except topics.BusError as error:
            log.warning("%s: the viewer shows what it may read", error)
            there = self._admin.list_topics(timeout=_ANSWER_S).topics
            self._topics = frozenset(plan.name for plan in self._plans if plan.name in there)

    def _note(self, state: str) -> None:
        if self._bus.become(state):
            level = logging.WARNING if state == "lost" else logging.INFO
            log.log(level, "Broker %s: %s", self._bus.url, state)
