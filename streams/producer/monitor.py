"""Reports what a producer waits for: a broker that is unreachable, before the first frame and later."""

from __future__ import annotations

import time
from threading import Event

import click
from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient, ClusterMetadata  # type: ignore[attr-defined]

from streams.chain.types import Chain
from streams.kafka.advertised import ADVICE, unreachable
from streams.kafka.topics import BusError, admin, is_embedded, make, plan
from streams.producer.progress import Progress
from streams.producer.sender import Sender
from streams.settings import Settings
from streams.video.decoding import Say
from streams.wire.cameras import CAMERAS

_RETRY_S = 1.0
_POLL_S = 0.1
_REPORT_AFTER_S, _REPORT_EVERY_S = 2.0, 10.0


class SenderMonitor:
    """Polls a sender for acknowledgements; shows progress, reports waits and skipped frames."""

    def __init__(self, broker: str, sender: Sender, progress: Progress) -> None:
        self._broker, self._sender, self._progress = broker, sender, progress
        self._waited_s = 0.0
        self._report_at_s = _REPORT_AFTER_S
        self._skipped, self._report_skips_at = 0, 0.0

    def poll(self, skipped: int) -> None:
        """Wait a moment for acknowledgements, and report what is due."""
        self._sender.poll(_POLL_S)
        self._progress.show(self._sender.acknowledged)
        self._report_wait(self._sender.waiting_s)
        self._report_skips(skipped)

    def end(self) -> None:
        """Show the last figures."""
        self._progress.show(self._sender.acknowledged)

    def _report_wait(self, waiting_s: float) -> None:
        if waiting_s > self._report_at_s:
            self._report_at_s += _REPORT_EVERY_S
            self._progress.say(
                f"waiting for the broker at {self._broker} since {waiting_s:.0f} s, {self._sender.pending} frames not "
                "acknowledged"
            )
        elif waiting_s < self._waited_s:
            if self._report_at_s > _REPORT_AFTER_S:
                self._progress.say(f"the broker answers again, after {self._waited_s:.0f} s")
            self._report_at_s = _REPORT_AFTER_S
        self._waited_s = waiting_s

    def _report_skips(self, skipped: int) -> None:
        if skipped > self._skipped and time.monotonic() > self._report_skips_at:
            self._progress.say(f"{skipped} frames skipped: the broker at {self._broker} does not take them in time")
            self._skipped, self._report_skips_at = skipped, time.monotonic() + _REPORT_EVERY_S


def topic_ready(settings: Settings, chain: Chain, topic: str, stop: Event, say: Say) -> bool:
    """Wait for the broker and create the topic; whether it is the embedded broker. Raises ClickException."""
    client = admin(settings)
    since = time.monotonic()
    report_at = since
    while not stop.is_set():
        try:
            cluster = client.list_topics(timeout=_RETRY_S)
            if not (trouble := _all_unreachable(cluster)):
                make(client, [plan(settings, chain, topic)])
                _make_states(client, settings, chain, say)
                return is_embedded(cluster)
        except KafkaException as error:
            trouble = error.args[0].str()
        except BusError as error:
            raise click.ClickException(str(error)) from None
        if time.monotonic() >= report_at:
            waited_s = time.monotonic() - since
            say(f"waiting for the broker at {settings.kafka_url} since {waited_s:.0f} s: {trouble}")
            report_at = time.monotonic() + _REPORT_EVERY_S
        stop.wait(_RETRY_S)
    return False


def _make_states(client: AdminClient, settings: Settings, chain: Chain, say: Say) -> None:
    try:
        make(client, [plan(settings, chain, CAMERAS)])
    except BusError as error:
        say(f"its state is not told: {error}")


def _all_unreachable(cluster: ClusterMetadata) -> str:
    """Why none of the brokers can be reached where they say that they are, empty where one can."""
    lost = unreachable(cluster)
    if len(lost) < len(cluster.brokers):
        return ""
    return f"it says that it is at {', '.join(f'{at} ({why})' for at, why in lost.items())}; {ADVICE}"
