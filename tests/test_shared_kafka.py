"""Tests of several files on one broker: none meets what another has left."""

from __future__ import annotations

from confluent_kafka import OFFSET_INVALID, Consumer, TopicPartition

from tests.bus import consume, own_topics, produce


def test_what_one_file_leaves_on_the_shared_kafka_no_other_file_finds(shared_kafka: str) -> None:
    with own_topics(shared_kafka):
        produce(shared_kafka, "house-B", "cam", b"of the first")
        reader = Consumer({"bootstrap.servers": shared_kafka, "group.id": "house"})
        reader.commit(offsets=[TopicPartition("house-B", 0, 1)], asynchronous=False)
        reader.close()
    with own_topics(shared_kafka):
        produce(shared_kafka, "house-B", "cam", b"of the second")
        assert [message.value() for message in consume(shared_kafka, "house-B", 1)] == [b"of the second"]
        reader = Consumer({"bootstrap.servers": shared_kafka, "group.id": "house"})
        (place,) = reader.committed([TopicPartition("house-B", 0)], timeout=30)
        reader.close()
        assert place.offset == OFFSET_INVALID
