"""Records that librdkafka fetches for aiokafka: the same as its own, in order, each once, from where it says."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from itertools import count

import pytest
from aiokafka import AIOKafkaConsumer
from aiokafka.errors import ConsumerStoppedError
from aiokafka.structs import ConsumerRecord
from confluent_kafka import Producer, TopicPartition
from faust.types import TP

from streams.kafka import topics
from streams.kafka.fetcher import Positions, RecordFetcher
from streams.kafka.security import for_librdkafka
from streams.kafka.topics import TOPIC_BYTES, TopicPlan
from streams.settings import Settings
from tests.bus import producer
from tests.wait import wait_until_async

MOST = 8
_numbers = count()


class Reader:
    """A consumer of one topic, and what is fetched for it."""

    def __init__(self, url: str, partitions: int) -> None:
        self.settings = Settings(kafka_url=url)
        self.topic = f"FETCHED_{next(_numbers)}"
        plan = TopicPlan(self.topic, partitions, 1, {"cleanup.policy": "delete", "max.message.bytes": str(TOPIC_BYTES)})
        topics.make(topics.admin(self.settings), [plan])
        self.consumer = self.new_consumer()

    def new_consumer(self) -> AIOKafkaConsumer:
        group = f"{self.topic}.{next(_numbers)}"
        url = self.settings.kafka_url
        return AIOKafkaConsumer(self.topic, bootstrap_servers=url, group_id=group, auto_offset_reset="earliest")

    def place(self, partition: int = 0) -> TP:
        return TP(self.topic, partition)

    def write(self, values: Collection[bytes | None], partition: int = 0, key: bytes | None = b"door") -> None:
        client = producer(self.settings.kafka_url, enable_idempotence=True)
        for value in values:
            client.produce(self.topic, value, key, partition, headers={"reason": b"none"})
        assert client.flush(30) == 0

    async def start(self) -> None:
        await self.consumer.start()
        await self.consumer._fetcher.close()
        self.consumer._fetcher = Positions(self.consumer)
        self.fetcher = RecordFetcher(self.consumer._fetcher, for_librdkafka(self.settings), "group")

    async def stop(self) -> None:
        self.fetcher.close()
        await self.consumer.stop()

    async def fetch(self, enough: int, *partitions: int) -> list[ConsumerRecord]:
        """So many records of these partitions, or of all; no more are to come with the last of them."""
        came: list[ConsumerRecord] = []
        async with asyncio.timeout(30):
            while len(came) < enough:
                wanted = {self.place(each) for each in partitions}
                for records in (await self.fetcher.fetch(wanted, min(MOST, enough - len(came)), 0.05)).values():
                    came.extend(records)
        return came


@asynccontextmanager
async def reading(url: str, partitions: int = 1) -> AsyncIterator[Reader]:
    reader = Reader(url, partitions)
    await reader.start()
    try:
        yield reader
    finally:
        await reader.stop()


def offsets(records: list[ConsumerRecord]) -> list[int]:
    return [record.offset for record in records]


@pytest.mark.parametrize("broker", ["kafka", "embedded"])
async def test_records_are_those_that_aiokafka_itself_reads(broker: str, request: pytest.FixtureRequest) -> None:
    async with reading(request.getfixturevalue(broker)) as reader:
        reader.write([b"%d" % number for number in range(50)])
        reader.write([None, b""], key=None)
        async with reader.new_consumer() as own:
            theirs = [await own.getone() for _ in range(52)]
        for record in theirs:
            record.checksum = None
        assert await reader.fetch(52) == theirs


@pytest.mark.parametrize("broker", ["kafka", "embedded"])
async def test_the_largest_records_come_although_a_fetch_is_smaller(
    broker: str, request: pytest.FixtureRequest
) -> None:
    async with reading(request.getfixturevalue(broker), partitions=2) as reader:
        for partition in (0, 1):
            reader.write([bytes(TOPIC_BYTES - 1000)], partition)  # two would be more than an embedded partition holds
        assert sorted(each.partition for each in await reader.fetch(2)) == [0, 1]


async def test_who_seeks_reads_on_from_there_whatever_has_been_fetched_ahead(kafka: str) -> None:
    chance = random.Random(7)
    async with reading(kafka) as reader:
        reader.write([bytes(20_000)] * 200)
        assert offsets(await reader.fetch(20)) == [*range(20)]
        for _ in range(40):
            at, length = chance.randrange(180), chance.randrange(1, 20)
            reader.consumer.seek(reader.place(), at)
            assert offsets(await reader.fetch(length)) == [*range(at, at + length)]
        await reader.consumer.seek_to_beginning()
        assert offsets(await reader.fetch(200)) == [*range(200)]
        assert reader.fetcher.next_offset(reader.place()) == 200
        await wait_until_async(lambda: reader.consumer.highwater(reader.place()) == 200, 10, "its end")


async def test_a_partition_that_rests_holds_up_no_other_and_loses_nothing(kafka: str) -> None:
    async with reading(kafka, partitions=2) as reader:
        reader.write([bytes(300_000)] * 60)  # 18 MB, more than are held
        assert offsets(await reader.fetch(3, 0)) == [0, 1, 2]
        for at in range(30):
            reader.write([b"%d" % at], partition=1)
            assert [each.value for each in await reader.fetch(1, 1)] == [b"%d" % at]
        held = reader.fetcher._partitions[reader.place()]
        assert held.rests
        assert held.bytes < 8 << 20
        assert offsets(await reader.fetch(57, 0)) == [*range(3, 60)]
        assert not held.rests


async def test_who_is_cancelled_while_waiting_loses_nothing(kafka: str) -> None:
    async with reading(kafka) as reader:
        reader.write([b"first"])
        await reader.fetch(1)
        for at in range(10):
            waiting = asyncio.create_task(reader.fetcher.fetch((), MOST, 5.0))
            await wait_until_async(lambda: reader.fetcher._coming is not None, 10, "one that waits")
            waiting.cancel()
            await asyncio.to_thread(reader.write, [b"%d" % at])
            assert [each.value for each in await reader.fetch(1)] == [b"%d" % at]


async def test_offsets_that_are_nobodys_are_passed(kafka: str) -> None:
    async with reading(kafka) as reader:
        client = Producer({"bootstrap.servers": kafka, "transactional.id": reader.topic, "log_level": 0})
        client.init_transactions(30)
        client.begin_transaction()
        client.produce(reader.topic, b"value", b"door")
        client.commit_transaction(30)
        assert offsets(await reader.fetch(1)) == [0]

        async def passed() -> bool:  # what ends the transaction is a record of its own
            assert not await reader.fetcher.fetch((), MOST, 0.05)
            return reader.fetcher.next_offset(reader.place()) == 2

        await wait_until_async(passed, 10, "the end of the transaction")


async def test_where_the_next_record_has_expired_the_oldest_that_is_left_comes(kafka: str) -> None:
    async with reading(kafka) as reader:
        reader.write([b"%d" % number for number in range(20)])
        assert offsets(await reader.fetch(2)) == [0, 1]
        reader.consumer.seek(reader.place(), 5)
        admin = topics.admin(reader.settings)
        for deleted in admin.delete_records([TopicPartition(reader.topic, 0, 12)]).values():
            deleted.result(30)
        assert offsets(await reader.fetch(8)) == [*range(12, 20)]


async def test_one_that_is_closed_says_so(kafka: str) -> None:
    async with reading(kafka) as reader:
        waiting = asyncio.create_task(reader.fetcher.fetch((), MOST, 0.5))
        await wait_until_async(lambda: reader.fetcher._coming is not None, 10, "one that waits")
        reader.fetcher.close()
        await asyncio.wait([waiting])
        with pytest.raises(ConsumerStoppedError):
            await reader.fetcher.fetch((), MOST, 0.5)
