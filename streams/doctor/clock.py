"""Checks of clocks: whether this host's is synchronised, and how far it is from the broker's."""

from __future__ import annotations

import ctypes
import time
from collections.abc import Iterator

from confluent_kafka import KafkaError, KafkaException, Message, Producer
from confluent_kafka.admin import AdminClient, NewTopic  # type: ignore[attr-defined]

from streams.doctor.finding import FAILURE, OK, WARNING, Finding
from streams.kafka.security import for_librdkafka
from streams.settings import Settings

TOPIC = "IMAGEBUS_DOCTOR"
_TIMEOUT_S = 10.0
_DIFFERENCE_S = 0.5
_CLOCK_IS_OFF = 5


def host_clock() -> Iterator[Finding]:
    """Whether this host's clock, which capture times come from, is synchronised."""
    if _is_off():
        yield Finding(
            WARNING,
            "clock",
            "this host's clock is not synchronised",
            "timedatectl set-ntp true, or run chrony (in a container the host's own counts)",
        )
    else:
        yield Finding(OK, "clock", "this host's clock is synchronised")


def _is_off() -> bool:
    """As adjtimex(2) says on Linux; other systems are assumed to be synchronised."""
    try:
        adjtimex = ctypes.CDLL(None).adjtimex
    except AttributeError:
        return False
    state: int = adjtimex(ctypes.create_string_buffer(512))  # all zero: asks, and sets nothing
    return state == _CLOCK_IS_OFF


def broker_clock(client: AdminClient, settings: Settings) -> Iterator[Finding]:
    """The broker's clock, by the LogAppendTime of an empty record: stages skip frames that are old by it."""
    new = NewTopic(TOPIC, 1, 1, config={"message.timestamp.type": "LogAppendTime", "retention.ms": "60000"})
    try:
        client.create_topics([new], request_timeout=_TIMEOUT_S)[TOPIC].result()
        try:
            ahead_s = _ahead_s(settings)
        finally:
            client.delete_topics([TOPIC], request_timeout=_TIMEOUT_S)[TOPIC].result()
    except KafkaException as error:
        yield Finding(WARNING, "clock", f"the broker's is not known: {error.args[0].str()}", "compare them by hand")
        return
    if abs(ahead_s) <= _DIFFERENCE_S:
        yield Finding(OK, "clock", f"the broker's differs by less than {_DIFFERENCE_S:g} s")
    else:
        level = FAILURE if abs(ahead_s) > settings.max_age_s else WARNING
        yield Finding(
            level,
            "clock",
            f"this host is {abs(ahead_s):.1f} s {'ahead of' if ahead_s > 0 else 'behind'} the broker: frames that are "
            f"{settings.max_age_s:g} s old by this clock are skipped",
            "synchronise both (timedatectl set-ntp true)",
        )


def _ahead_s(settings: Settings) -> float:
    """How far this host's clock is ahead of the broker's. Raises KafkaException."""
    stamped: list[float] = []
    failed: list[KafkaError] = []

    def delivered(error: KafkaError | None, message: Message) -> None:
        if error:
            failed.append(error)
        else:
            stamped.append(message.timestamp()[1] / 1000)

    own = {"acks": "all", "linger.ms": 0, "message.timeout.ms": int(_TIMEOUT_S * 1000), "log_level": 0}
    producer = Producer({**for_librdkafka(settings), **own})
    for _ in range(2):  # the first one waits for a connection
        before = time.time()
        producer.produce(TOPIC, b"", on_delivery=delivered)
        producer.flush(_TIMEOUT_S)
        after = time.time()
    if not stamped:
        raise KafkaException(failed[0] if failed else KafkaError(KafkaError._TIMED_OUT))
    # The broker appended it at some time between `before` and `after`.
    return max(before - stamped[-1], 0.0) or min(after - stamped[-1], 0.0)
