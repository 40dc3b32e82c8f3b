"""A producer and a filter in Node, written after docs/wire-format.md, between stages of ours on a real Kafka."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from functions import Detection
from streams import records
from tests.bus import consume, length, produce, produce_all
from tests.processes import Process
from tests.streams import frames
from tests.streams.producing import produced
from tests.wait import wait_until

VECTORS = Path(__file__).parents[1] / "vectors"
INDEX = json.loads((VECTORS / "index.json").read_text(encoding="utf-8"))
Pictures = Callable[[str, Sequence[int]], Path]
FRAMES = 2000


def as_written(value: dict[str, Any]) -> Any:
    """What JSON cannot say: large integers, and bytes."""
    if value.keys() == {"int"}:
        return int(value["int"])
    return bytes.fromhex(value["hex"]) if value.keys() == {"hex"} else value


@pytest.fixture(scope="module")
def read(node: Path) -> dict[str, Any]:
    """What Node reads in each vector."""
    said = subprocess.run(["node", "check_vectors.mjs", VECTORS], cwd=node, capture_output=True, text=True, check=True)
    found = json.loads(said.stdout, object_hook=as_written)
    assert found.keys() == {*INDEX["good"], *INDEX["bad"]}
    return dict(found)


@pytest.mark.parametrize("name", sorted(INDEX["good"]))
def test_node_reads_a_good_vector_to_equal_values_and_python_reads_what_node_writes(
    read: dict[str, Any], name: str
) -> None:
    wanted = dict(INDEX["good"][name]["fields"])
    ours = records.decode((VECTORS / f"{name}.msgpack").read_bytes())
    fields = read[name]["fields"]
    assert {key: fields[key] for key in wanted if key != "jpeg"} == {k: v for k, v in wanted.items() if k != "jpeg"}
    assert fields["jpeg"] == ours.jpeg
    assert records.decode(read[name]["written"]) == ours


@pytest.mark.parametrize("name", sorted(INDEX["bad"]))
def test_node_refuses_a_bad_vector(read: dict[str, Any], name: str) -> None:
    assert read[name].get("error", "").startswith("RecordError: "), read[name]


def send(url: str, node: Path, name: str, topic: str, folder: Path) -> None:
    """The pictures of a folder, by the producer in Node."""
    command = ["node", "producer.mjs", "--name", name, "--topic", topic, folder]
    with Process(command, env={"KAFKA_URL": url}, cwd=node) as process:
        assert process.wait(60) == 0, process.tail()
        assert f"{len(list(folder.iterdir()))} frames sent, 0 left out" in process.text


def test_a_python_or_node_producer_our_detector_the_node_filter_and_our_redactor(
    examples: dict[str, str], pictures: Pictures, node: Path
) -> None:
    url = examples["KAFKA_URL"]
    options = ["--input", "CORNER_FOUND", "--output", "CORNER_BUSY", "--stage", "busy"]
    with Process(["node", "filter.mjs", *options], env={"KAFKA_URL": url}, cwd=node) as busy:
        busy.wait_for_line("Stage busy: is ready", 60)
        produce(url, "CORNER_FOUND", "corner", b"no record")
        folder = pictures("corner", range(100, 108))
        produced(url, folder, "-n", "corner", "-t", "CORNER_FRAME", env=examples)
        send(url, node, "corner-node", "CORNER_FRAME", folder)
        messages = consume(url, "CORNER_HIDDEN", 16, 60)
        (dead,) = consume(url, "DEAD_BUSY", 1)

    hidden = frames.read(messages)
    assert all(frames.seqs(messages, source) == list(range(8)) for source in ("corner", "corner-node"))
    assert all([hop.stage for hop in record.hops] == ["corner", "busy", "corner-hidden"] for record in hidden)
    assert all(record.redaction for record in hidden)
    assert dead.value() == b"no record"
    assert {key for key, _ in dead.headers()} == {"reason", "stage", "topic", "partition", "offset"}


def test_the_node_filter_killed_in_the_middle_and_started_again_loses_nothing(kafka: str, node: Path) -> None:
    command = ["node", "filter.mjs", "--input", "KILLED_IN", "--output", "KILLED_OUT", "--stage", "killed"]
    # The session of the one that was killed must end before the next one gets its partitions.
    with Process(command, env={"KAFKA_URL": kafka}, cwd=node) as first:
        first.wait_for_line("Stage killed: is ready", 60)
        produce_all(kafka, "KILLED_IN", [("cam", somebody(seq)) for seq in range(FRAMES)])
        wait_until(lambda: length(kafka, "KILLED_OUT") > 0, 30, "the first frames that pass")
        first.kill()
    assert length(kafka, "KILLED_OUT") < FRAMES

    with Process(command, env={"KAFKA_URL": kafka}, cwd=node):
        messages = consume(kafka, "KILLED_OUT", lambda read: len(set(frames.seqs(read))) == FRAMES, 60)
    assert frames.first_seen(frames.seqs(messages)) == list(range(FRAMES))


def somebody(seq: int) -> bytes:
    """A record of a person in a small picture."""
    found = Detection("person", 0.9, (1, 1, 9, 9))
    return records.encode(records.from_frame(frames.frame(seq, size_wh=(16, 16)).with_detections([found])))


def test_the_node_producer_into_the_python_chain(examples: dict[str, str], pictures: Pictures, node: Path) -> None:
    url = examples["KAFKA_URL"]
    folder = pictures("street-node", range(390, 394))
    send(url, node, "café", "STREET_FRAME", folder)

    def all_there(messages: list[Any]) -> bool:
        return sum(record.source == "café" for record in frames.read(messages)) == 4

    hidden = [each for each in frames.read(consume(url, "STREET_HIDDEN", all_there, 60)) if each.source == "café"]
    assert [record.seq for record in hidden] == list(range(4))
    sent = [m for m in consume(url, "STREET_FRAME", all_there) if m.key() == "café".encode()]
    assert len({message.partition() for message in sent}) == 1
    assert [records.decode(message.value()).jpeg for message in sent] == [
        file.read_bytes() for file in sorted(folder.iterdir())
    ]
