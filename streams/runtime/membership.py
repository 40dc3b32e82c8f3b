"""Group membership: a worker that was killed is removed from its group by the next one on this host.

A broker gives a dead member's partitions to nobody until the session times out (6 s). So each member locks a file named
after its client id in its group's folder, and a new member has those leave whose lock is free.
"""

from __future__ import annotations

import asyncio
import fcntl
import logging
import os
import secrets
from collections.abc import Collection, Iterator
from contextlib import suppress
from pathlib import Path
from typing import IO

from aiokafka.client import AIOKafkaClient, CoordinationType
from aiokafka.errors import KafkaError
from aiokafka.protocol.admin import DescribeGroupsRequest
from aiokafka.protocol.group import LeaveGroupRequest

log = logging.getLogger(__name__)
# After that the broker has missed the dead itself.
_PATIENCE_S = 6.0
_LOOK_S = 0.05
_SUFFIX = ".member"


class Membership:
    """One member of a group; where its file cannot be written, nobody will remove it from the group."""

    def __init__(self, folder: Path) -> None:
        self.client_id = f"imagebus-{secrets.token_hex(8)}"
        self._folder = folder
        self._lock: IO[bytes] | None = None
        try:
            self._lock = locked_file(folder / f"{self.client_id}{_SUFFIX}")
        except OSError as error:
            log.warning("%s: %s", folder, error.strerror)

    def end(self) -> None:
        """Release the lock; the file stays, since the broker may not know yet."""
        if self._lock:
            self._lock.close()

    async def sign_off_dead(self, client: AIOKafkaClient, group: str) -> None:
        """Have dead members leave the group, once this one is joining it.

        Not before: a broker delays whoever joins an empty group, by default for 3 s.
        """
        dead = list(left_by_dead(self._folder, _SUFFIX))
        if dead:
            try:
                async with asyncio.timeout(_PATIENCE_S):
                    await self._sign_off(client, group, {path.stem for path in dead})
            except (KafkaError, TimeoutError) as error:
                log.info("Group %s: the dead are left to time out: %r", group, error)
            for path in dead:
                path.unlink(missing_ok=True)

    async def _sign_off(self, client: AIOKafkaClient, group: str, dead: Collection[str]) -> None:
        node = await client.coordinator_lookup(CoordinationType.GROUP, group)
        members: dict[str, str] = {}
        while self.client_id not in members.values():
            await asyncio.sleep(_LOOK_S)
            members = await _members(client, node, group)
        for member, client_id in members.items():
            if client_id in dead:
                log.info("Group %s: signs off %s, whose process is gone", group, member)
                await client.send(node, LeaveGroupRequest(group, member))


async def _members(client: AIOKafkaClient, node: int, group: str) -> dict[str, str]:
    """Client ids of a group by their member ids."""
    ((_, _, _, _, _, members, *_),) = (await client.send(node, DescribeGroupsRequest([group]))).groups
    return {member: client_id for member, client_id, *_ in members}


def locked_file(path: Path) -> IO[bytes]:
    """Create a file that is locked as long as this process lives or has it open. Raises OSError."""
    # Under another name until it is locked, or it would pass for one of a dead process.
    file = os.fdopen(os.open(path.with_suffix(""), os.O_CREAT | os.O_RDWR, 0o600), "r+b", buffering=0)
    fcntl.flock(file, fcntl.LOCK_EX)
    path.with_suffix("").rename(path)
    return file


def left_by_dead(folder: Path, suffix: str) -> Iterator[Path]:
    """The files with this suffix whose process is gone: their lock is free."""
    for path in folder.glob(f"*{suffix}"):
        with suppress(OSError), path.open() as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            yield path
