"""The chains of examples/ run as they stand, all in one worker, on real video; some with parts in Node."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from functions import Frame
from functions.core import registry
from functions.gate import GateState, gate
from streams.chain import check as chain_check
from streams.chain.types import load
from streams.wire import records
from streams.wire.records import Record, WireDetection
from tests.bus import consume, produce
from tests.examples.conftest import EXAMPLES, STAGES
from tests.processes import Process
from tests.streams import frames
from tests.streams.producing import produced

# Where the clip shows faces that are large enough.
FACES = range(386, 394)
MORE_FACES = range(584, 592)
Pictures = Callable[[str, Sequence[int]], Path]
Image = NDArray[np.uint8]


def by_frame(url: str, topic: str, wanted: int) -> dict[tuple[str, int], Record]:
    return {(record.source, record.seq): record for record in frames.read(consume(url, topic, wanted, 60))}


def image_of(record: Record) -> Image:
    return records.to_frame(record).image


def inside(image: Image, found: WireDetection) -> Image:
    x1, y1, x2, y2 = map(round, found.xyxy)
    return image[y1 : y2 + 1, x1 : x2 + 1]


def labelled(record: Record, label: str) -> list[WireDetection]:
    return [found for found in record.detections if found.label == label]


@pytest.mark.parametrize("file", sorted(EXAMPLES.glob("*.toml")), ids=lambda file: file.name)
def test_every_example_can_run_by_itself(file: Path) -> None:
    chain = load(file)
    chain_check.check(chain, registry.load(["examples.people_and_faces"]))
    assert set(chain.stages) <= set(STAGES)
    assert tomllib.loads(file.read_text())["stages"].keys() == chain.stages.keys()


def test_two_cameras_one_detector_faces_blurred_for_one_output_and_people_blacked_out_for_another(
    examples: dict[str, str], pictures: Pictures
) -> None:
    url = examples["KAFKA_URL"]
    produced(url, pictures("door", FACES), "-n", "door", "-t", "DOOR_FRAME", env=examples)
    produced(url, pictures("yard", MORE_FACES), "-n", "yard", "-t", "YARD_FRAME", env=examples)
    found = by_frame(url, "VISITORS_FRAME", 16)
    blurred, black = by_frame(url, "FACES_HIDDEN", 16), by_frame(url, "PEOPLE_HIDDEN", 16)

    assert (
        found.keys() == blurred.keys() == black.keys() == {(name, seq) for name in ("door", "yard") for seq in range(8)}
    )
    assert all(
        any(labelled(record, "face") for (name, _), record in found.items() if name == cam) for cam in ("door", "yard")
    )
    for frame, record in found.items():
        seen, shown, hidden = image_of(record), image_of(blurred[frame]), image_of(black[frame])
        for face in labelled(record, "face"):
            assert (
                cv2.Laplacian(inside(shown, face), cv2.CV_64F).var()
                < cv2.Laplacian(inside(seen, face), cv2.CV_64F).var() / 4
            )
        assert blurred[frame].redaction.covered < 0.1
        assert np.abs(shown.astype(int) - seen).mean() < 5
        assert labelled(record, "person")
        for someone in record.detections:
            assert inside(hidden, someone).mean() < 5


def test_a_motion_gate_spares_the_detector_what_does_not_move(examples: dict[str, str], pictures: Pictures) -> None:
    url, still = examples["KAFKA_URL"], [0] * 6
    moving = range(10, 70, 10)
    folder = pictures("lobby", [*still, *moving, *still])
    produced(url, folder, "-n", "lobby", "-t", "LOBBY_FRAME", env=examples)

    state = GateState()
    jpegs = [Frame.from_jpeg(file.read_bytes()) for file in sorted(folder.iterdir())]
    timed = [(seq, Frame(jpeg.picture, captured_at=seq * 1_000_000)) for seq, jpeg in enumerate(jpegs)]
    passing = [seq for seq, frame in timed if gate(frame, state, hold_s=1.5)]
    assert set(range(6, 12)) <= set(passing)
    assert not {2, 3, 4, 5} & set(passing)

    detected = by_frame(url, "LOBBY_PEOPLE", len(passing))
    assert sorted(seq for _, seq in detected) == passing
    assert all([hop.function for hop in record.hops] == ["gate", "detect_people"] for record in detected.values())


def test_two_detectors_in_series_each_add_and_the_redactor_wants_both(
    examples: dict[str, str], pictures: Pictures
) -> None:
    url = examples["KAFKA_URL"]
    produced(url, pictures("street", FACES[4:]), "-n", "street", "-t", "STREET_FRAME", env=examples)
    people, both = by_frame(url, "STREET_PEOPLE", 4), by_frame(url, "STREET_FOUND", 4)
    hidden = by_frame(url, "STREET_HIDDEN", 4)

    for frame, record in both.items():
        assert labelled(record, "person") == people[frame].detections
        assert [hop.function for hop in record.hops] == ["detect_people", "detect_faces"]
        assert all(inside(image_of(hidden[frame]), found).mean() < 5 for found in record.detections)
    assert any(labelled(record, "face") for record in both.values())

    unseen = records.encode(next(iter(people.values())))
    produce(url, "STREET_FOUND", "street", unseen)
    (dead,) = consume(url, "DEAD_STREET-HIDDEN", 1)
    assert dead.value() == unseen
    assert b"no detector among the hops that can find what is asked for: face" in dict(dead.headers())["reason"]


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
    # Behind the redactor a stage that its chain file does not have is only some other one.
    assert all([hop.stage for hop in record.hops] == ["corner", "other", "corner-hidden"] for record in hidden)
    assert all(record.redaction for record in hidden)
    assert dead.value() == b"no record"
    assert {key for key, _ in dead.headers()} == {"reason", "stage", "topic", "partition", "offset"}


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
