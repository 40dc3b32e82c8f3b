"""Alerts from frames to where they are told: at least once, whatever is killed; no output waits for another."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable, Iterator
from pathlib import Path

from bench.chaos.proxy import Proxy
from streams.notify.messages import id_of
from streams.wire import alerts
from streams.wire.alerts import ALERTS, Alert
from tests.bus import consume, produce_all
from tests.kafka_node import KafkaNode
from tests.processes import free_port
from tests.streams.chains import environment
from tests.streams.frames import RUN
from tests.streams.notify.hooks import Hooks
from tests.streams.notify.mosquitto import Listener, Mosquitto
from tests.streams.notify.notifying import REDACTED, chain, frames, mqtt, notify
from tests.wait import wait_until

SECRET = "a secret of both"
HOOK = '[outputs.ops]\nkind = "webhook"\nurl = "http://127.0.0.1:{}/alerts"\nsecret = "env:OPS_SECRET"\n'
# Frames 1.2 s apart: somebody is there, and then is gone for long enough.
VISIT, EVERY_S = [1, 0, 0], 1.2
SOURCES, VISITS = [f"camera {number}" for number in range(10)], 10
RULES = [f"rule-{number}" for number in range(10)]


def rule(name: str, then: str) -> str:
    return f'[alerts.{name}]\nwhen = {{ label = "person" }}\nthen = {then}\nper_hour = 1000\n'


def visits(first: int, last: int) -> Iterator[tuple[str, bytes]]:
    """These visits at all cameras."""
    for number in range(first, last):
        for source in SOURCES:
            yield from frames(VISIT, source, first=3 * number, every_s=EVERY_S)


def ids() -> set[str]:
    """The ids of all their alerts."""
    firsts = [(source, f"{RUN}-{3 * number}") for number in range(VISITS) for source in SOURCES]
    return {id_of(name, source, first) for name in RULES for source, first in firsts}


def test_a_thousand_alerts_come_at_least_once_although_the_broker_is_killed_twice_and_the_process_once(
    embedded: str, tmp_path: Path
) -> None:
    port = free_port()
    with Mosquitto(tmp_path) as broker, Listener(broker.port) as home, Proxy(port, broker.port) as way:
        env = environment(embedded, tmp_path, chain(mqtt(port), *(rule(name, '["mqtt"]') for name in RULES)))

        def heard() -> set[str]:
            return {alert["id"] for name in RULES for alert in home.at(f"imagebus/alerts/{name}")}

        def again() -> None:
            """Another broker in its place; who listens does so before anything is told."""
            way.stall()
            broker.kill()
            way.cut()
            broker.start()
            home.wait_ready()
            way.go_on()

        with notify(env) as process:
            produce_all(embedded, REDACTED, [*visits(0, 3)])
            wait_until(lambda: len(heard()) > 50, 60, "the first alerts")
            again()
            produce_all(embedded, REDACTED, [*visits(3, 6)])
            wait_until(lambda: len(heard()) > 400, 60, "more alerts")
            process.kill()
        produce_all(embedded, REDACTED, [*visits(6, VISITS)])
        with notify(env) as process:
            wait_until(lambda: len(heard()) > 700, 60, "most alerts")
            again()
            wait_until(lambda: heard() >= ids(), 60, "all alerts")
            assert process.terminate() == 0
    assert len(heard()) == 1000
    assert heard() == ids()


def test_kafka_may_be_killed_too_and_whoever_starts_again_knows_whom_it_told(
    kafka_node: Callable[..., KafkaNode], tmp_path: Path
) -> None:
    node = kafka_node()
    with Mosquitto(tmp_path) as broker, Listener(broker.port) as home:
        env = environment(node.url, tmp_path, chain(mqtt(broker.port), rule("seen", '["mqtt"]')), partitions=2)

        def heard() -> list[str]:
            return [alert["id"] for alert in home.at("imagebus/alerts/seen")]

        with notify(env) as process:
            produce_all(node.url, REDACTED, frames(VISIT * 3, every_s=EVERY_S))
            wait_until(lambda: len(heard()) == 3, 40, "the first alerts")
            node.kill()
            node.start()
            produce_all(node.url, REDACTED, frames([*VISIT * 2, 1], first=9, every_s=EVERY_S))
            wait_until(lambda: len(heard()) >= 6, 60, "the alerts after that")
            process.kill()
        told = heard()
        with notify(env) as process:
            # Somebody who is there and was told of goes, comes again, and is told of once more.
            produce_all(node.url, REDACTED, frames([1, 1, 0, 0, 1], first=16, every_s=EVERY_S))
            wait_until(lambda: len({*heard()}) == 7, 40, "one more alert")
            written = consume(node.url, ALERTS, lambda messages: len({each.key() for each in messages}) == 7)
    assert len({*told}) == 6
    assert {*heard()[len(told) :]} - {*told} == {id_of("seen", "yard", f"{RUN}-20")}
    records = [alerts.decode(each.value()) for each in written]
    assert {each.id for each in records} == {*heard()}, "each is on the topic, too, at least once"
    assert [(each.key() or b"").decode() for each in written] == [each.id for each in records]


def test_a_rule_that_tells_nobody_tells_the_bus(embedded: str, tmp_path: Path) -> None:
    alone = '[alerts.seen]\nwhen = { label = "person", at_least = 2 }\n'
    with notify(environment(embedded, tmp_path, chain(alone))) as process:
        produce_all(embedded, REDACTED, frames([1, 2, 0], every_s=EVERY_S))
        (message,) = consume(embedded, ALERTS, 1)
        assert process.terminate() == 0
    at = 1_700_000_000_000_000 + 1_200_000
    first = id_of("seen", "yard", f"{RUN}-1")
    assert alerts.decode(message.value()) == Alert(
        id=first, rule="seen", source="yard", label="person", count=2, since=at, at=at
    )


def test_a_webhook_is_signed_tried_again_never_sent_elsewhere_and_nothing_waits_for_it(
    embedded: str, tmp_path: Path
) -> None:
    with Mosquitto(tmp_path) as broker, Listener(broker.port) as home, Hooks([500, 302, 200]) as hooks:
        outputs = chain(mqtt(broker.port), HOOK.format(hooks.port), rule("seen", '["mqtt", "webhook:ops"]'))
        env = environment(embedded, tmp_path, outputs) | {"OPS_SECRET": SECRET}
        with notify(env) as process:
            produce_all(embedded, REDACTED, frames(VISIT * 2, every_s=EVERY_S))
            wait_until(lambda: len(home.at("imagebus/alerts/seen")) == 2, 40, "alerts, although the webhook takes none")
            wait_until(lambda: len(hooks.posts) == 4, 40, "alerts that were tried again")
            assert SECRET not in process.text
    alerts = home.at("imagebus/alerts/seen")
    assert [json.loads(post.body) for post in hooks.posts] == [alerts[0], alerts[0], alerts[0], alerts[1]]
    assert [post.path for post in hooks.posts] == ["/alerts"] * 4, "a redirect is followed by nobody"
    for post in hooks.posts:
        digest = hmac.new(SECRET.encode(), post.body, hashlib.sha256).hexdigest()
        assert post.headers["Imagebus-Signature"] == f"sha256={digest}"
        assert post.headers["Imagebus-Id"] == json.loads(post.body)["id"]
