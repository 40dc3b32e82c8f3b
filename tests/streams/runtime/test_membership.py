"""Members of a consumer group whose processes are gone: signed off by who joins next, the living left alone."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from aiokafka import AIOKafkaConsumer
from confluent_kafka.admin import AdminClient

from streams.runtime.membership import Membership
from tests.bus import produce
from tests.kafka_node import new_cluster_id
from tests.processes import Process
from tests.wait import wait_until_async

# A member of the group that its broker will not miss for a minute.
MEMBER = """
import asyncio, pathlib, sys
from aiokafka import AIOKafkaConsumer
from streams.runtime.membership import Membership

async def main(url, group, folder):
    membership = Membership(pathlib.Path(folder))
    consumer = AIOKafkaConsumer("SIGNED_OFF", bootstrap_servers=url, group_id=group, client_id=membership.client_id,
                                session_timeout_ms=60_000, heartbeat_interval_ms=100)
    await consumer.start()
    print("joined", membership.client_id, flush=True)
    await asyncio.Event().wait()

asyncio.run(main(*sys.argv[1:]))
"""


async def test_who_joins_signs_off_the_dead_and_nobody_else(kafka: str, tmp_path: Path) -> None:
    produce(kafka, "SIGNED_OFF", None, b"")
    group = f"group-{new_cluster_id()}"
    command = [sys.executable, "-c", MEMBER, kafka, group, tmp_path]
    with Process(command) as living, Process(command) as dead:
        alive = living.wait_for_line("joined").split()[1]
        dead.wait_for_line("joined")
        dead.kill()

        membership = Membership(tmp_path)
        consumer = AIOKafkaConsumer(bootstrap_servers=kafka, group_id=group, client_id=membership.client_id)
        await consumer.start()
        try:
            consumer.subscribe(["SIGNED_OFF"])
            await membership.sign_off_dead(consumer._client, group)
            # Nobody gets a partition before all members have answered, or are gone.
            await wait_until_async(lambda: consumer._coordinator.generation > 0, 20, "a group without the dead")
            assert client_ids(kafka, group) == {alive, membership.client_id}
        finally:
            await consumer.stop()
    assert len(os.listdir(tmp_path)) == 2


def client_ids(url: str, group: str) -> set[str]:
    """Who is in a group."""
    client = AdminClient({"bootstrap.servers": url})
    return {member.client_id for member in client.describe_consumer_groups([group])[group].result(timeout=10).members}


def test_a_folder_that_cannot_be_written_is_no_reason_not_to_start(tmp_path: Path) -> None:
    Membership(tmp_path / "missing").end()
