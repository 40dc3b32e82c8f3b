"""Sends records to a topic, in order, and counts those that the broker has acknowledged."""

from __future__ import annotations

import time
from collections import deque
from contextlib import suppress
from threading import Event, Lock

from confluent_kafka import KafkaError, KafkaException, Message

from streams.kafka.idempotent_producer import MOST_IN_FLIGHT, idempotent_producer
from streams.settings import Settings
from streams.wire.cameras import CAMERAS

# Frames in flight, which leave room for the state of the source. A few of a camera wait for them; what is not
# acknowledged is lost with the process.
_MOST_FRAMES, _WAITING = MOST_IN_FLIGHT - 1, 12
# A camera's frames are worthless when they are old; a file's are sent whenever the broker is back.
_TOO_OLD_S = 5.0
_TRANSIENT = frozenset({KafkaError._MSG_TIMED_OUT, KafkaError._PURGE_QUEUE})
_RETRY_S = 0.1


class Sender:
    """Sends one source's records to one topic.

    `send` is called by the thread that reads the source, and takes delivery reports on its way: waking another thread
    for each would cost a tenth of the frame. `poll`, called by another, takes those that come while nothing is sent.
    """

    def __init__(self, settings: Settings, topic: str, source: str, live: bool, stop: Event) -> None:
        self._topic, self._key, self._live, self._stop = topic, source.encode(), live, stop
        self._counting = Lock()
        self._waiting: deque[tuple[float, bytes]] = deque()
        self._reported_at = time.monotonic()
        self.accepted = self.acknowledged = self.lost = 0
        self.refused: KafkaError | None = None
        self._client = idempotent_producer(
            settings, {"message.timeout.ms": round(1000 * _TOO_OLD_S) if live else 0, "error_cb": self._failed}
        )

    @property
    def pending(self) -> int:
        """Records in flight: queued or sent, and neither acknowledged nor lost yet."""
        return self.accepted - self.acknowledged - self.lost

    @property
    def waiting_s(self) -> float:
        """How long no delivery report came while records are in flight, else 0."""
        return time.monotonic() - self._reported_at if self.pending else 0.0

    def send(self, value: bytes) -> bool:
        """Send a record. A live source's is refused while too many wait; a file's waits itself, until stopped."""
        while not self._stop.is_set():
            if self._accept(value):
                self._client.poll(0)
                return True
            if self._live:
                return False
            self._client.poll(_RETRY_S)
        return False

    def tell(self, key: bytes, value: bytes) -> None:
        """Queue the state of a source; one that does not reach the broker is followed by the next."""
        with suppress(BufferError, KafkaException):
            self._client.produce(CAMERAS, value, key)

    def flush(self, timeout_s: float) -> None:
        """Wait until all that was queued is on the bus."""
        self._client.flush(timeout_s)

    def poll(self, timeout_s: float) -> None:
        """Count the delivery reports that have come after so long."""
        time.sleep(timeout_s)
        self._client.poll(0)
        with self._counting:
            self._produce()

    def _accept(self, value: bytes) -> bool:
        with self._counting:
            if self.pending >= _MOST_FRAMES + (_WAITING if self._live else 0):
                return False
            if not self.pending:
                self._reported_at = time.monotonic()
            self._waiting.append((time.monotonic(), value))
            self.accepted += 1
            self._produce()
            return self.refused is None

    def _produce(self) -> None:
        """Hand over those that wait, as far as there is room in flight."""
        while self._waiting and self.pending - len(self._waiting) < _MOST_FRAMES:
            came_at, value = self._waiting[0]
            if self._live and time.monotonic() - came_at > _TOO_OLD_S:
                self.lost += 1
            elif not self._hand_over(value):
                return  # `poll` tries again
            self._waiting.popleft()

    def _hand_over(self, value: bytes) -> bool:
        """False while states of the source have the room."""
        try:
            self._client.produce(self._topic, value, self._key, on_delivery=self._delivered)
        except BufferError:
            return False
        except KafkaException as error:
            self.accepted -= 1
            self._failed(KafkaError(error.args[0].code()), final=True)  # in the words of a delivery report
        return True

    def _delivered(self, error: KafkaError | None, _: Message) -> None:
        with self._counting:
            self._reported_at = time.monotonic()
            self.acknowledged += error is None
            self.lost += error is not None
            self._produce()
        if error is not None and error.code() not in _TRANSIENT:
            self._failed(error, final=True)

    def _failed(self, error: KafkaError, final: bool = False) -> None:
        # Lost connections are no failures: the client tries again by itself.
        if final or error.fatal():
            self.refused = self.refused or error
            self._stop.set()
