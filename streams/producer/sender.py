"""Records to the bus, in order, with a count of what the broker has acknowledged."""

from __future__ import annotations

import time
from threading import Condition, Event

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from streams.kafka.security import for_librdkafka
from streams.kafka.topics import TOPIC_BYTES
from streams.settings import Settings

# What waits here is neither on the bus nor in the file: few, and for a camera fewer still.
_QUEUE = {False: 64, True: 16}
# A camera's frames are worth nothing when they are old; a file's are sent whenever the broker is back.
_GIVE_UP_MS = {False: 0, True: 5_000}
_PASSING = frozenset({KafkaError._MSG_TIMED_OUT, KafkaError._PURGE_QUEUE})
_AGAIN_S = 0.1


class Sender:
    """Sends one source's records to one topic.

    `send` is called by the thread that reads the source, `poll` by another: it runs what the broker's answers call.
    """

    def __init__(self, settings: Settings, topic: str, source: str, live: bool, stop: Event) -> None:
        self._topic, self._key, self._live, self._stop = topic, source.encode(), live, stop
        self._changed = Condition()
        self._answered_at = time.monotonic()
        self.accepted = self.acknowledged = self.lost = 0
        self.refused: KafkaError | None = None
        self._client = Producer(
            {
                **for_librdkafka(settings),
                # The partition that Faust would choose: one source is never on two.
                "partitioner": "murmur2_random",
                "acks": "all",
                # No record twice and none out of order, when the broker goes and comes back.
                "enable.idempotence": True,
                "message.timeout.ms": _GIVE_UP_MS[live],
                "message.max.bytes": TOPIC_BYTES,
                "queue.buffering.max.messages": _QUEUE[live],
                "linger.ms": 0,
                "log_level": 0,
                "error_cb": self._failed,
            }
        )

    @property
    def pending(self) -> int:
        """Accepted records that the broker has not answered for yet."""
        return self.accepted - self.acknowledged - self.lost

    @property
    def waiting_s(self) -> float:
        """How long the broker has not answered although there is something to answer, else 0."""
        return time.monotonic() - self._answered_at if self.pending else 0.0

    def send(self, value: bytes) -> bool:
        """Hand over a record. A live source's is refused while the queue is full, a file's waits until told to stop."""
        while not self._stop.is_set():
            if self._offer(value):
                return True
            if self._live:
                return False
            with self._changed:
                self._changed.wait(_AGAIN_S)
        return False

    def poll(self, timeout_s: float) -> None:
        """Wait for answers of the broker and count them."""
        self._client.poll(timeout_s)

    def _offer(self, value: bytes) -> bool:
        if not self.pending:
            self._answered_at = time.monotonic()
        try:
            self._client.produce(self._topic, value, self._key, on_delivery=self._delivered)
        except BufferError:
            return False
        except KafkaException as error:
            self._failed(error.args[0], final=True)
            return False
        self.accepted += 1
        return True

    def _delivered(self, error: KafkaError | None, _: Message) -> None:
        self._answered_at = time.monotonic()
        if error is None:
            self.acknowledged += 1
        else:
            self.lost += 1
            if error.code() not in _PASSING:
                self._failed(error, final=True)
        with self._changed:
            self._changed.notify()

    def _failed(self, error: KafkaError, final: bool = False) -> None:
        # Lost connections are no failures: the client tries again by itself.
        if final or error.fatal():
            self.refused = self.refused or error
            self._stop.set()
