"""On which partition of a topic a source's records are."""

from __future__ import annotations

from aiokafka.partitioner import murmur2

# The one that every other client has, as librdkafka calls it: one source is never on two partitions.
PARTITIONER = "murmur2_random"


def partition_of(source: str, partitions: int) -> int:
    """The partition to which the murmur2 partitioner, that of every Kafka client, assigns this key."""
    hashed: int = murmur2(source.encode()) & 0x7FFFFFFF
    return hashed % partitions
