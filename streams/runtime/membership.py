"""A worker that was killed is signed off by the next one on this host: nobody waits for its session to time out.

A broker misses a member of a group only after the session time-out of 6 s, and until then gives its partitions to no
other, not even to the worker that was started in its place. So each member locks a file of its own that bears its
client id, in its group's data folder: the lock ends with the process, however that ends.
"""

from __future__ import annotations

import asyncio
import fcntl
import logging
import secrets
from collections.abc import Collection
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
    """One member of a group, for as long as it is under way; where nothing can be written nobody will sign it off."""

    def __init__(self, folder: Path) -> None:
        self.client_id = f"imagebus-{secrets.token_hex(8)}"
        self._folder = folder
        self._lock: IO[str] | None = None
        try:
            self._lock = _locked(folder, self.client_id)
        except OSError as error:
            log.warning("%s: %s", folder, error.strerror)

    def end(self) -> None:
        """Let go of the lock; the file is left to who starts next, since the broker may not have been told."""
        if self._lock:
            self._lock.close()

    async def sign_off_dead(self, client: AIOKafkaClient, group: str) -> None:
        """Have the members of this group leave whose processes are gone, as soon as this one stands in their queue.

        Not before: the broker holds up who joins a group that is empty, by default for 3 s.
        """
        dead = [path for path in self._folder.glob(f"*{_SUFFIX}") if _is_free(path)]
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


def _locked(folder: Path, client_id: str) -> IO[str]:
    # Under another name until it is locked, or it would pass for one of a dead process.
    path = folder / client_id
    file = path.open("w")
    fcntl.flock(file, fcntl.LOCK_EX)
    path.rename(path.with_suffix(_SUFFIX))
    return file


def _is_free(path: Path) -> bool:
    try:
        with path.open() as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
