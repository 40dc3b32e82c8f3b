"""A worker on a real bus: dead letters, functions that hang, brokers that are not there, what it refuses to start."""

from __future__ import annotations

import signal
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path

import pytest
from confluent_kafka import TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic  # type: ignore[attr-defined]

from functions.core.errors import UsageError
from streams.app import chain_app
from streams.kafka.embedded_broker import EmbeddedBroker
from tests.bus import consume, length, produce, produce_all
from tests.kafka_node import KafkaNode
from tests.processes import IMAGEBUS, Process
from tests.streams import frames
from tests.streams.chains import STUB_CHAIN, environment, wait_ready, worker

ONE_STAGE = """
[stages.fragile]
function = "fail_on"
input = "SOURCE_FRAME"
output = "OUT"
options = {{ seq = 3, how = "{how}" }}
"""


def test_a_bad_record_goes_to_the_dead_letter_topic_as_it_came_with_the_reason(embedded: str, tmp_path: Path) -> None:
    with worker(environment(embedded, tmp_path), "detect") as process:
        wait_ready(process, "detect")
        produce(embedded, "SOURCE_FRAME", "cam", b"junk")
        produce_all(embedded, "SOURCE_FRAME", frames.pairs(range(3)))

        (dead,) = consume(embedded, "DEAD_DETECT", 1)
        good = consume(embedded, "IMAGEAI_FRAME", 3)

    assert (dead.key(), dead.value()) == (b"cam", b"junk")
    headers = dict(dead.headers())
    assert headers.keys() == {"reason", "stage", "topic", "partition", "offset"}
    assert (headers["stage"], headers["topic"], headers["offset"]) == (b"detect", b"SOURCE_FRAME", b"0")
    assert headers["reason"] == b"Expected `object`, got `int` - at `$`"
    assert frames.seqs(good) == [0, 1, 2]


def test_a_record_of_5_mb_is_a_dead_letter_and_the_next_frames_pass(empty_kafka: str, tmp_path: Path) -> None:
    url = empty_kafka
    roomy = NewTopic("SOURCE_FRAME", 1, 1, config={"max.message.bytes": "6000000"})
    client = AdminClient({"bootstrap.servers": url})
    for made in client.create_topics([roomy]).values():
        made.result()
    produce(url, "SOURCE_FRAME", "cam", bytes(5_000_000))
    produce_all(url, "SOURCE_FRAME", frames.pairs(range(3)))

    with worker(environment(url, tmp_path), "detect"):
        (dead,) = consume(url, "DEAD_DETECT", 1)
        good = consume(url, "IMAGEAI_FRAME", 3)

    assert len(dead.value()) == 5_000_000
    assert dict(dead.headers())["reason"] == b"Expected a record of at most 2097152 bytes, got 5000000"
    assert frames.seqs(good) == [0, 1, 2]


def test_a_result_that_is_too_large_is_a_dead_letter(embedded: str, tmp_path: Path) -> None:
    env = environment(embedded, tmp_path, max_record_bytes=65_536)
    with worker(env, "detect"):
        produce(embedded, "SOURCE_FRAME", "cam", frames.record())
        noisy = frames.noise(seq=1)
        produce(embedded, "SOURCE_FRAME", "cam", noisy)
        produce(embedded, "SOURCE_FRAME", "cam", frames.record(2))

        (dead,) = consume(embedded, "DEAD_DETECT", 1)
        assert frames.seqs(consume(embedded, "IMAGEAI_FRAME", 2)) == [0, 2]

    assert dead.value() == noisy


@pytest.mark.parametrize("how", ["raise", "text", "hang"])
def test_a_function_that_fails_on_one_frame_costs_that_frame(embedded: str, tmp_path: Path, how: str) -> None:
    env = environment(embedded, tmp_path, ONE_STAGE.format(how=how), time_limit_s=0.5, threads=2)
    with worker(env) as process:
        produce_all(embedded, "SOURCE_FRAME", frames.pairs(range(8)))

        good = consume(embedded, "OUT", 7)
        (dead,) = consume(embedded, "DEAD_FRAGILE", 1)
        # A thread that hangs is lost; it must not hold up the end.
        assert process.terminate(signal.SIGINT, timeout_s=5) == 0

    assert frames.seqs(good) == [0, 1, 2, 4, 5, 6, 7]
    assert frames.seqs([dead]) == [3]


def test_a_worker_whose_threads_all_hang_says_so_and_ends_and_the_next_one_does_not_meet_those_frames_again(
    empty_kafka: str, tmp_path: Path
) -> None:
    chain = '[stages.stuck]\nfunction = "hang"\ninput = "HANG_IN"\noutput = "HANG_OUT"\n[topics.HANG_IN]\n'
    env = environment(empty_kafka, tmp_path, chain, time_limit_s=0.5, threads=2)
    with worker(env) as process:
        wait_ready(process, "stuck")
        produce_all(empty_kafka, "HANG_IN", frames.pairs(range(2)))
        assert process.wait(20) == 70
        assert "Stage stuck: all its threads hang in its function; this process ends" in process.text

    with worker(env) as process:
        produce_all(empty_kafka, "HANG_IN", frames.pairs(range(2, 4)))
        assert process.wait(30) == 70

    assert frames.seqs(consume(empty_kafka, "DEAD_STUCK", 4)) == [0, 1, 2, 3]
    assert length(empty_kafka, "DEAD_STUCK") == 4


def test_a_worker_waits_for_an_absent_broker_and_says_so_and_survives_its_restart(
    kafka_node: Callable[..., KafkaNode], tmp_path: Path
) -> None:
    node = kafka_node()
    node.stop()
    with worker(environment(node.url, tmp_path, partitions=2), "detect") as process:
        process.wait_for_line(f"Stage detect: waits for the broker at {node.url}")
        node.start()
        wait_ready(process, "detect")
        produce_all(node.url, "SOURCE_FRAME", frames.pairs(range(5)))
        consume(node.url, "IMAGEAI_FRAME", 5)
        node.kill()
        node.start()
        produce_all(node.url, "SOURCE_FRAME", frames.pairs(range(5, 10)))

        messages = consume(node.url, "IMAGEAI_FRAME", lambda read: len(set(frames.seqs(read))) == 10, 60)
    assert frames.first_seen(frames.seqs(messages)) == list(range(10))


def test_it_ends_when_asked_although_its_broker_is_gone(tmp_path: Path) -> None:
    with ExitStack() as until_end:
        with EmbeddedBroker() as broker:
            process = until_end.enter_context(worker(environment(broker.url, tmp_path), "detect"))
            wait_ready(process, "detect")
            produce_all(broker.url, "SOURCE_FRAME", frames.pairs(range(500)))
            consume(broker.url, "IMAGEAI_FRAME", 1)
        assert process.terminate(signal.SIGINT, timeout_s=12) == 0


REFUSED = {
    "unknown function": (STUB_CHAIN.replace("detect_stub", "detect_stab"), "did you mean detect_stub?"),
    "unknown option": (STUB_CHAIN + "\n[stages.redact.options]\nlabel = ['a']\n", "did you mean labels?"),
    "option of another type": (
        STUB_CHAIN + "\n[stages.redact.options]\nlabels = 5\n",
        "Function redact, option labels: expected `array`, got `int` (5)",
    ),
    "raw pictures for a redacted topic": (
        STUB_CHAIN.replace('"redact"', '"annotate"'),
        "Stage redact: expected a redactor, since REDACTION_FRAME is a redacted topic",
    ),
    "not a chain": ("stages = 5", "Chain, stages: expected `object`, got `int`"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_chain_that_cannot_run_is_refused(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    chain, said = REFUSED[name]
    assert said in refusal(environment("127.0.0.1:1", tmp_path, chain), monkeypatch)


def test_an_unknown_stage_and_a_bad_setting_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    env = environment("127.0.0.1:1", tmp_path)
    for change, said in (
        ({"IMAGEBUS_STAGES": "redakt"}, "Stage redakt: expected one of detect, annotate, redact; did you mean redact?"),
        ({"IMAGEBUS_WINDOW": "many"}, "IMAGEBUS_WINDOW='many': Expected `int`"),
        ({"IMAGEBUS_FUNCTIONS": "nowhere"}, "Module nowhere does not import: ModuleNotFoundError"),
    ):
        with monkeypatch.context() as here:
            assert said in refusal({**env, **change}, here)


def refusal(env: Mapping[str, str], monkeypatch: pytest.MonkeyPatch) -> str:
    """With what a worker's app is refused, before its process says it."""
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(UsageError) as refused:
        chain_app()
    return str(refused.value)


def test_a_refusal_is_one_line_and_exit_code_2(tmp_path: Path) -> None:
    chain, said = REFUSED["raw pictures for a redacted topic"]
    with worker(environment("127.0.0.1:1", tmp_path, chain)) as process:
        assert process.wait() == 2
        (line,) = process.lines
        assert line.startswith("imagebus: ")
        assert said in line


def test_one_function_runs_as_a_stage_with_its_options_on_the_command_line(embedded: str, tmp_path: Path) -> None:
    env = environment(embedded, tmp_path)
    command = [*IMAGEBUS, "stage", "redact", "Car", "-i", "FOUND", "-t", "HIDDEN", "-n", "cars", "--padding", "0"]
    with worker(env, "detect") as detector, Process(command, env) as redactor:
        wait_ready(detector, "detect")
        wait_ready(redactor, "cars")
        produce_all(embedded, "SOURCE_FRAME", frames.pairs(range(1)))
        (found,) = consume(embedded, "IMAGEAI_FRAME", 1)
        produce(embedded, "FOUND", "cam", found.value())
        (hidden,) = frames.read(consume(embedded, "HIDDEN", 1))
        assert redactor.terminate(signal.SIGINT, timeout_s=5) == 0

    assert {d.label: d.hidden for d in hidden.detections} == {"person": False, "car": True}
    assert hidden.hops[-1].stage == "cars"
    assert hidden.hops[-1].options["labels"] == ["Car"]


def test_a_stage_of_raw_pictures_may_not_write_a_redacted_topic(tmp_path: Path) -> None:
    env = environment("127.0.0.1:1", tmp_path)
    with Process([*IMAGEBUS, "stage", "annotate", "-t", "REDACTION_FRAME"], env) as process:
        assert process.wait() == 2
        assert "Stage annotate: expected a redactor" in process.text


def test_records_that_expired_unread_are_counted_and_told(empty_kafka: str, tmp_path: Path) -> None:
    url = empty_kafka
    env = environment(url, tmp_path, partitions=1)
    with worker(env, "detect") as process:
        wait_ready(process, "detect")
        produce_all(url, "SOURCE_FRAME", frames.pairs(range(5)))
        consume(url, "IMAGEAI_FRAME", 5)
        assert process.terminate() == 0
    produce_all(url, "SOURCE_FRAME", frames.pairs(range(5, 20)))
    client = AdminClient({"bootstrap.servers": url})
    for deleted in client.delete_records([TopicPartition("SOURCE_FRAME", 0, 12)]).values():
        deleted.result()

    with worker(env, "detect") as process:
        process.wait_for_line("Stage detect: 7 records before SOURCE_FRAME@0/12 expired unread")
        messages = consume(url, "IMAGEAI_FRAME", 13)
    assert frames.seqs(messages) == [*range(5), *range(12, 20)]
