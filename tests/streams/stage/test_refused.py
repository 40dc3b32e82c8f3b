"""What the bus refuses stops a stage: nothing is acked, it says why, and it is not ready."""

from __future__ import annotations

import json
import re
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest
from confluent_kafka.admin import (
    AclBinding,
    AclBindingFilter,
    AclOperation,
    AclPermissionType,
    AdminClient,
    ResourcePatternType,
    ResourceType,
)

from tests.bus import consume, length, produce_all
from tests.kafka_node import KafkaNode
from tests.processes import Process
from tests.streams import frames
from tests.streams.chains import environment, wait_ready, worker
from tests.wait import wait_until

GUARDED = {
    "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
    "allow.everyone.if.no.acl.found": "true",
}


def rule(kind: type[AclBinding], topic: str, operation: AclOperation, permission: AclPermissionType) -> AclBinding:
    """A rule for everybody, or the filter that finds it."""
    return kind(ResourceType.TOPIC, topic, ResourcePatternType.LITERAL, "User:ANONYMOUS", "*", operation, permission)


def deny(url: str, topic: str, operation: AclOperation) -> None:
    """Refuse everybody this, and nothing else."""
    client = AdminClient({"bootstrap.servers": url})
    rules = [
        rule(AclBinding, topic, operation, AclPermissionType.DENY),
        rule(AclBinding, topic, AclOperation.ALL, AclPermissionType.ALLOW),
    ]
    for done in client.create_acls(rules).values():
        done.result()


def allow_again(url: str, topic: str, operation: AclOperation) -> None:
    """Take a refusal back."""
    client = AdminClient({"bootstrap.servers": url})
    for done in client.delete_acls([rule(AclBindingFilter, topic, operation, AclPermissionType.DENY)]).values():
        done.result()


def ready(process: Process) -> tuple[int, dict[str, str]]:
    """Status and body of the worker's /ready."""
    address = re.search(r"http://127\.0\.0\.1:\d+", process.wait_for_line(r"web\s.*http://127"))
    assert address
    try:
        with urllib.request.urlopen(f"{address[0]}/ready", timeout=5) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


@pytest.fixture
def env(kafka_node: Callable[..., KafkaNode], tmp_path: Path) -> dict[str, str]:
    """A broker of this test's own that asks its rules, and the stub chain on it."""
    return environment(kafka_node(GUARDED).url, tmp_path, partitions=2)


def test_a_stage_that_may_not_write_its_output_stops_says_why_and_goes_on_when_it_may(env: dict[str, str]) -> None:
    url = env["KAFKA_URL"]
    with worker(env) as process:
        wait_ready(process)
        assert ready(process) == (200, {"detect": "", "annotate": "", "redact": ""})
        deny(url, "REDACTION_FRAME", AclOperation.WRITE)
        produce_all(url, "SOURCE_FRAME", frames.pairs(range(20)))

        process.wait_for_line("Stage redact: cannot write its output: TopicAuthorizationFailedError")
        assert frames.seqs(consume(url, "ANNOTATED_FRAME", 20)) == list(range(20))
        status, troubles = wait_until(lambda: (r := ready(process))[0] == 503 and r, 10, "a worker that is not ready")
        assert (status, troubles["annotate"]) == (503, "")
        assert "cannot write its output" in troubles["redact"]
        assert (length(url, "REDACTION_FRAME"), length(url, "DEAD_REDACT")) == (0, 0)

        allow_again(url, "REDACTION_FRAME", AclOperation.WRITE)
        wait_until(lambda: length(url, "REDACTION_FRAME") >= 20, 40, "all frames on REDACTION_FRAME")
        messages = consume(url, "REDACTION_FRAME", 20)
        assert frames.first_seen(frames.seqs(messages)) == list(range(20))
        wait_until(lambda: ready(process)[0] == 200, 20, "a ready worker")

    # One line for 20 records, and for each time that it tried again.
    assert "Traceback" not in process.text, process.tail()
    assert {line for line in process.lines if "[WARNING]" in line or "[ERROR]" in line} == {
        line for line in process.lines if "Stage redact: cannot write its output" in line
    }


def test_a_stage_that_may_not_read_its_topic_is_not_ready_and_says_why_while_the_others_work(
    env: dict[str, str],
) -> None:
    with worker(env) as process:
        wait_ready(process)
        assert process.terminate() == 0
    deny(env["KAFKA_URL"], "SOURCE_FRAME", AclOperation.READ)

    with worker(env) as process:
        wait_ready(process, "annotate", "redact")
        process.wait_for_line("Stage detect: .*SOURCE_FRAME")
        status, troubles = ready(process)
        assert (status, troubles["annotate"], troubles["redact"]) == (503, "", "")
        assert "SOURCE_FRAME" in troubles["detect"]
