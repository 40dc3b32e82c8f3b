"""Topics are made before anybody reads them, and bounded: by time, by size, by Kafka's own clock."""

from __future__ import annotations

import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from confluent_kafka import TIMESTAMP_LOG_APPEND_TIME
from confluent_kafka.admin import ConfigResource, ResourceType

from streams import settings
from streams.chain import types as chains
from streams.chain.types import Chain, TopicConf
from streams.kafka import topics
from tests.bus import consume, length, produce, producer
from tests.wait import wait_until

SHOWN = Chain(stages={}, topics={"SHOWN": TopicConf(redacted=True, retention_s=60, partitions=2)})


def _named(plan: topics.TopicPlan) -> topics.TopicPlan:
    """The same under a name that no other test has."""
    return replace(plan, name=f"{plan.name}-{uuid.uuid4().hex[:8]}")


def _make(url: str, plan: topics.TopicPlan) -> list[str]:
    return topics.make(topics.admin(settings.load({"KAFKA_URL": url})), [plan])


def test_a_topic_is_planned_by_the_settings_and_its_own_line_in_the_chain() -> None:
    said = settings.load({"IMAGEBUS_PARTITIONS": "8", "IMAGEBUS_RETENTION_S": "30"})
    usual, own, dead = (topics.plan(said, SHOWN, name) for name in ("ANY", "SHOWN", "DEAD_REDACT"))
    assert (usual.partitions, usual.config["retention.ms"]) == (8, "30000")
    assert (own.partitions, own.config["retention.ms"]) == (2, "60000")
    assert (dead.partitions, dead.config["max.message.bytes"]) == (1, str(5 * 2**20))


def test_a_topic_is_on_the_broker_as_planned(kafka: str) -> None:
    plan = _named(topics.plan(settings.load({}), chains.load(), "SOURCE_FRAME"))
    assert _make(kafka, plan) == [plan.name]
    client = topics.admin(settings.load({"KAFKA_URL": kafka}))
    ((_, answer),) = client.describe_configs([ConfigResource(ResourceType.TOPIC, plan.name)]).items()
    config = answer.result()
    assert {name: config[name].value for name in plan.config} == plan.config
    assert len(client.list_topics(timeout=10).topics[plan.name].partitions) == 16


def test_a_topic_that_is_there_stays_as_it_is(kafka: str) -> None:
    plan = _named(topics.plan(settings.load({}), SHOWN, "SHOWN"))
    assert _make(kafka, plan) == [plan.name]
    assert _make(kafka, replace(plan, partitions=9)) == []
    assert length(kafka, plan.name) == 0


def test_a_topic_that_compacts_is_refused_for_frames_and_taken_where_it_is_to(kafka: str) -> None:
    said = settings.load({"KAFKA_URL": kafka})
    frames, dead, counts = (_named(topics.plan(said, SHOWN, name)) for name in ("SHOWN", "DEAD_REDACT", "COUNTS"))
    cameras = _named(topics.plan(said, SHOWN, "CAMERAS"))
    assert _make(kafka, cameras) == [cameras.name]
    assert _make(kafka, cameras) == []
    for plan in (frames, dead, counts):
        for policy in ("compact", "compact,delete"):
            other = replace(plan, name=f"{plan.name}-{len(policy)}", config={**plan.config, "cleanup.policy": policy})
            _make(kafka, other)
            with pytest.raises(
                topics.BusError, match=f"Topic {other.name}: expected cleanup.policy=delete, got compact"
            ):
                _make(kafka, replace(plan, name=other.name))


def test_topics_are_made_once_the_broker_names_them(kafka: str, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = _named(topics.plan(settings.load({}), SHOWN, "SHOWN"))
    client = topics.admin(settings.load({"KAFKA_URL": kafka}))
    ask, answers = client.list_topics, []

    def late(**more: object) -> object:
        """As a broker that hears of topics late: of this one at the fourth question."""
        answer = ask(**more)
        answers.append(answer)
        if len(answers) < 4:
            answer.topics.pop(plan.name, None)
        return answer

    monkeypatch.setattr(client, "list_topics", late)
    assert topics.make(client, [plan]) == [plan.name]
    named = [plan.name in answer.topics for answer in answers]
    # The broker itself may need longer; once it names the topic it is asked no more.
    assert len(named) >= 4
    assert named.index(True) == len(named) - 1


def test_workers_that_make_the_same_topic_at_once_do_not_quarrel(kafka: str) -> None:
    plan = _named(topics.plan(settings.load({}), SHOWN, "SHOWN"))
    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(lambda _: _make(kafka, plan), range(4)))
    assert [plan.name] in made


def test_an_old_capture_time_does_not_make_a_record_expire(kafka: str) -> None:
    plan = _named(topics.plan(settings.load({}), SHOWN, "SHOWN"))
    _make(kafka, plan)
    client = producer(kafka)
    client.produce(plan.name, b"1", b"cam", timestamp=1_000)
    assert client.flush(30) == 0
    (message,) = consume(kafka, plan.name, 1)
    kind, stamped_ms = message.timestamp()
    assert kind == TIMESTAMP_LOG_APPEND_TIME
    assert abs(stamped_ms / 1000 - time.time()) < 600


def test_what_has_expired_is_deleted(kafka: str) -> None:
    plan = _named(topics.plan(settings.load({"IMAGEBUS_RETENTION_S": "1"}), chains.load(), "SOURCE_FRAME"))
    _make(kafka, plan)
    produce(kafka, plan.name, b"cam", b"1")
    wait_until(lambda: length(kafka, plan.name) == 0, 60, "an expired record to be deleted")


@pytest.mark.parametrize(("topic", "size"), [("SHOWN", 7 * 2**19), ("DEAD_REDACT", 9 * 2**19)])
def test_the_largest_records_and_dead_letters_fit(topic: str, size: int, kafka: str) -> None:
    plan = _named(topics.plan(settings.load({}), SHOWN, topic))
    _make(kafka, plan)
    produce(kafka, plan.name, b"cam", bytes(size))
    assert length(kafka, plan.name) == 1
