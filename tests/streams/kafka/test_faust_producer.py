"""Faust's producer on librdkafka: order, partitions, headers, refusals, and records that are under way."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiokafka.errors import MessageSizeTooLargeError
from faust.exceptions import ProducerSendError

from streams.kafka.faust_producer import Producer
from streams.producer.backpressure import partition_of
from streams.runtime.faust_app import bus_app
from streams.settings import Settings
from tests.bus import consume
from tests.processes import free_port


@pytest.fixture
async def producer(embedded: str, tmp_path: Path) -> AsyncIterator[Producer]:
    """The producer of an app, under way."""
    app = bus_app("group", Settings(kafka_url=embedded, data_dir=str(tmp_path)))
    assert isinstance(app.producer, Producer)
    await app.producer.start()
    yield app.producer
    await app.producer.stop()


async def test_records_of_a_key_arrive_in_order_with_headers_on_the_partition_of_their_key(
    producer: Producer, embedded: str
) -> None:
    sendings = [await producer.send("OUT", b"door", b"%d" % at, None, None, {"reason": b"none"}) for at in range(20)]
    places = [await sending for sending in sendings]

    messages = consume(embedded, "OUT", 20)
    assert [message.value() for message in messages] == [b"%d" % at for at in range(20)]
    assert messages[0].headers() == [("reason", b"none")]
    assert {message.partition() for message in messages} == {place.partition for place in places}
    assert {place.partition for place in places} == {partition_of("door", 4)}
    assert [place.offset for place in places] == list(range(20))


async def test_a_partition_that_is_named_is_taken(producer: Producer) -> None:
    assert (await producer.send_and_wait("OUT", b"door", b"1", 3, None, None)).partition == 3


async def test_what_was_handed_over_is_on_the_bus_after_a_flush(producer: Producer) -> None:
    sendings = [await producer.send("OUT", b"door", b"value", None, None, None) for _ in range(20)]
    await producer.flush()
    assert all(sending.done() for sending in sendings)  # type: ignore[attr-defined]


async def test_a_record_that_is_too_large_is_refused_as_aiokafka_does(producer: Producer) -> None:
    with pytest.raises(ProducerSendError) as refused:
        await producer.send("OUT", b"door", bytes(producer.max_request_size + 1), None, None, None)
    assert isinstance(refused.value.args[0], MessageSizeTooLargeError)


async def test_one_that_has_stopped_drops_what_is_not_on_the_bus_and_takes_no_more(tmp_path: Path) -> None:
    """A record behind one that was dropped would be out of order."""
    app = bus_app("group", Settings(kafka_url=f"127.0.0.1:{free_port()}", data_dir=str(tmp_path)))
    await app.producer.start()
    sending = await app.producer.send("OUT", b"door", b"1", None, None, None)

    await app.producer.stop()

    assert not sending.done()  # type: ignore[attr-defined]
    assert not len(app.producer._client)
    with pytest.raises(ProducerSendError, match="has stopped"):
        await app.producer.send("OUT", b"door", b"2", None, None, None)
