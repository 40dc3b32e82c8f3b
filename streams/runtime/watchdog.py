"""Tells systemd that a worker has started and lives (sd_notify): one that says nothing is started again."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Mapping

from mode import Service

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
