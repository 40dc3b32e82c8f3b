"""Follows the chain file while a worker runs: zones take effect at once, the rest says that it wants a restart."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from mode import Service
from msgspec.structs import replace

from functions.core.errors import UsageError
from streams.chain.check import checked
from streams.chain.types import Chain
from streams.chain.watching import achanges, content_of, path_of
from streams.settings import Settings

log = logging.getLogger(__name__)


class ChainWatch(Service):
    """Hands each changed chain that checks to `follow`; a file that does not check changes nothing."""

    mundane_level = "debug"

    def __init__(self, settings: Settings, chain: Chain, follow: Callable[[Chain], None]) -> None:
        super().__init__()
        self._settings, self._chain, self._follow = settings, chain, follow
        self._path = path_of(settings.chain)
        self._content = content_of(self._path)
        self._end = asyncio.Event()

    @Service.task
    async def _watch(self) -> None:
        await asyncio.to_thread(self._reload)  # it may have changed since the worker read it
        async for _ in achanges(self._path, self._content, self._end):
            await asyncio.to_thread(self._reload)

    async def on_stop(self) -> None:
        """Watch no more."""
        self._end.set()

    def _reload(self) -> None:
        try:
            chain = checked(self._settings)
        except UsageError as error:
            log.error("Nothing is changed, since the chain file does not check: %s", error)
            return
        if replace(chain, zones=self._chain.zones, cameras=self._chain.cameras) != self._chain:
            log.warning("The chain file has changed in more than zones and cameras: that wants a restart of the worker")
        zones, self._chain = chain.zones != self._chain.zones, replace(self._chain, zones=chain.zones)
        if zones:
            self._follow(self._chain)
            log.info("The zones of the chain file have changed and are in force")
