"""What is written in Node after docs/wire-format.md: it reads and writes every vector, and its filter loses nothing.

Its producer and filter between stages of ours: test_chains.py, where all examples share one worker.
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from functions import Detection
from streams.wire import records
from tests.bus import consume, length, produce_all
from tests.processes import Process
from tests.streams import frames
from tests.wait import wait_until

VECTORS = Path(__file__).parents[1] / "vectors"
INDEX = json.loads((VECTORS / "index.json").read_text(encoding="utf-8"))
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
