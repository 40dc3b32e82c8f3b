"""The access lists of docs/privacy.md on a real Kafka: who may see redacted frames only gets nothing else."""

from __future__ import annotations

import argparse
import re
import shlex
from collections.abc import Callable

import pytest
from confluent_kafka import Consumer, KafkaError, KafkaException, Producer
from confluent_kafka.admin import (  # type: ignore[attr-defined]
    AclBinding,
    AclOperation,
    AclPermissionType,
    AdminClient,
    ResourcePatternType,
    ResourceType,
)

from streams import chain as chains
from streams import topics
from streams.settings import Settings
from tests.kafka_node import KafkaNode
from tests.processes import PROJECT
from tests.streams import frames
from tests.wait import wait_until

PASSWORDS = {"admin": "admin-secret", "edge": "edge-secret", "viewer": "viewer-secret"}
_MODULE = "org.apache.kafka.common.security.scram.ScramLoginModule required"
_SETTINGS = {
    "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,CLIENT:SASL_PLAINTEXT",
    "sasl.enabled.mechanisms": "SCRAM-SHA-512",
    "sasl.mechanism.inter.broker.protocol": "SCRAM-SHA-512",
    "listener.name.client.scram-sha-512.sasl.jaas.config": (
        f'{_MODULE} username="admin" password="{PASSWORDS["admin"]}";'
    ),
    "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
    "super.users": "User:admin;User:ANONYMOUS",  # the controller's own listener, on loopback
}
RAW = ("SOURCE_FRAME", "IMAGEAI_FRAME", "ANNOTATED_FRAME", "DEAD_DETECT", "DEAD_ANNOTATE", "DEAD_REDACT")
REDACTED = "REDACTION_FRAME"


def as_user(url: str, user: str) -> dict[str, str]:
    return {
        "bootstrap.servers": url,
        "security.protocol": "SASL_PLAINTEXT",
        "sasl.mechanism": "SCRAM-SHA-512",
        "sasl.username": user,
        "sasl.password": PASSWORDS[user],
    }


@pytest.fixture
def guarded(kafka_node: Callable[..., KafkaNode]) -> str:
    """A Kafka with users, the default chain's topics, a frame on each, and the access lists of the documentation."""
    users = [f"--add-scram=SCRAM-SHA-512=[name={name},password={word}]" for name, word in PASSWORDS.items()]
    url = kafka_node(_SETTINGS, users).url
    admin = AdminClient(as_user(url, "admin"))
    settings = Settings(kafka_url=url, partitions=1)
    topics.make(admin, [topics.plan(settings, chains.load(), name) for name in (*RAW, REDACTED)])
    for made in admin.create_acls([acl for line in documented() for acl in acls(line)]).values():
        made.result()
    wait_until(lambda: all(write(url, "edge", topic) is None for topic in (*RAW, REDACTED)), 20, "edge may write")
    return url


def documented() -> list[str]:
    text = (PROJECT / "docs" / "privacy.md").read_text()
    return re.findall(r"^\$ kafka-acls\.sh (.*)$", text, re.MULTILINE)


def acls(line: str) -> list[AclBinding]:
    """What a line for kafka-acls.sh says."""
    parser = argparse.ArgumentParser()
    for name in ("bootstrap-server", "command-config", "allow-principal", "operation", "topic", "group"):
        parser.add_argument(f"--{name}")
    parser.add_argument("--resource-pattern-type", default="literal")
    parser.add_argument("--add", action="store_true")
    said = parser.parse_args(shlex.split(line))
    pattern = ResourcePatternType[said.resource_pattern_type.upper()]
    operation = AclOperation[said.operation.upper()]
    return [
        AclBinding(kind, name, pattern, said.allow_principal, "*", operation, AclPermissionType.ALLOW)
        for kind, name in ((ResourceType.TOPIC, said.topic), (ResourceType.GROUP, said.group))
        if name
    ]


def write(url: str, user: str, topic: str) -> int | None:
    """The code of the error that a user gets who writes a frame, None where it is on the topic."""
    errors: list[KafkaError | None] = []
    producer = Producer({**as_user(url, user), "log_level": 0})
    producer.produce(topic, frames.record(), "cam", on_delivery=lambda error, _: errors.append(error))
    assert producer.flush(20) == 0
    return errors[0].code() if errors[0] else None


def read(url: str, user: str, topic: str, group: str = "viewer-1") -> object:
    """The first frame's bytes that a user reads of a topic, or the error that they get."""
    own = {"group.id": group, "auto.offset.reset": "earliest", "log_level": 0}
    consumer = Consumer({**as_user(url, user), **own})  # type: ignore[arg-type]
    try:
        consumer.subscribe([topic])
        message = wait_until(lambda: consumer.poll(0.2), 20, f"a frame or an error of {topic}")
    except KafkaException as error:
        return error.args[0].code()
    finally:
        consumer.close()
    return message.error().code() if message.error() else message.value()


def test_a_viewer_reads_redacted_frames_and_is_refused_everything_else(guarded: str) -> None:
    assert read(guarded, "viewer", REDACTED) == frames.record()
    for topic in RAW:
        assert read(guarded, "viewer", topic) == KafkaError.TOPIC_AUTHORIZATION_FAILED
    assert "authorization failed" in KafkaError(KafkaError.TOPIC_AUTHORIZATION_FAILED).str().casefold()
    # Nor may it take part in, or move on, what the stages do.
    assert read(guarded, "viewer", REDACTED, group="imagebus.IMAGEAI_FRAME.redact.REDACTION_FRAME") == (
        KafkaError.GROUP_AUTHORIZATION_FAILED
    )
    for topic in (*RAW, REDACTED):
        assert write(guarded, "viewer", topic) == KafkaError.TOPIC_AUTHORIZATION_FAILED


def test_edge_reads_and_writes_the_whole_chain(guarded: str) -> None:
    for topic in (*RAW, REDACTED):
        assert read(guarded, "edge", topic, group=f"imagebus.{topic}") == frames.record()
