"""What is believed of a record's hops: what the chain file says; nothing that a record says is looked up or run."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from functions import Frame, Hop, function
from functions.core import registry
from functions.redact import Memory
from functions.redaction.evidence import NOT_IN_CHAIN, OTHER_OPTIONS, UNKNOWN_LABELS, Doubt
from streams.chain.types import StageConf
from streams.stage.invocation import Invocation
from streams.wire import records
from tests.bus import consume, produce
from tests.streams import frames
from tests.streams.chains import environment, worker
from tests.streams.trusting import detector, in_chain

PLAIN = Frame.from_image(np.full((48, 64, 3), 200, np.uint8))


def redactor(chain: Mapping[str, StageConf], **options: object) -> Invocation:
    spec = registry.load()["redact"]
    said = spec.validate({"motion": False, **options})
    return in_chain(Invocation("redact", spec, said, False, records.MAX_RECORD_BYTES), **chain)


def after(work: Invocation, *hops: Hop) -> records.Record:
    """What the redactor makes of a plain frame that came over the bus with these hops."""
    came = records.to_frame(records.decode(records.encode(records.from_frame(replace(PLAIN, hops=hops)))))
    (value,) = work.records(work(came, Memory(), ()))
    return records.decode(value)


def hop(name: str = "detect_objects", **options: object) -> Hop:
    return Hop("detect", name, "1", options, 0, 0, 0)


CARS = {"cars": detector(labels=["car", "dog"], minimum_confidence=0.5)}
BELIEVED = {
    "the chain's options": hop(labels=["car", "dog"], minimum_confidence=0.5, tiles="auto"),
    "no word of its options": hop(),
    "some of its options": hop(labels=("car", "dog")),
}
DOUBTED = {
    "other labels": (hop(labels=["car"]), f"{OTHER_OPTIONS}: detect_objects, labels"),
    "more labels": (hop(labels=["car", "dog", "cat"]), f"{OTHER_OPTIONS}: detect_objects, labels"),
    "no labels, which is all": (hop(labels=[]), f"{OTHER_OPTIONS}: detect_objects, labels"),
    "another confidence": (hop(minimum_confidence=0.2), f"{OTHER_OPTIONS}: detect_objects, minimum_confidence"),
    "a value that stayed behind": (hop(labels=None), f"{OTHER_OPTIONS}: detect_objects, labels"),
    "an option that it has not": (
        hop(anna=1),
        f"{OTHER_OPTIONS}: detect_objects, 1 that this host does not know",
    ),
    "a detector of this host that is not in the chain": (hop("detect_faces"), f"{NOT_IN_CHAIN}: detect_faces"),
    "a function of another program": (hop("Anna"), "no detector among the hops"),
    "no detector": (hop("annotate"), "no detector among the hops"),
}


@pytest.mark.parametrize("case", BELIEVED)
def test_a_detector_of_the_chain_is_believed_unless_its_options_contradict(case: str) -> None:
    assert after(redactor(CARS, labels=["car"]), BELIEVED[case]).redaction.doubt is None


@pytest.mark.parametrize("case", DOUBTED)
def test_any_other_is_not_and_the_doubt_says_what_to_do(case: str) -> None:
    said, why = DOUBTED[case]
    with pytest.raises(Doubt) as error:
        after(redactor(CARS, labels=["car"]), said)
    assert str(error.value) == f"Frame 0 of source is not shown: {why}"
    assert after(redactor(CARS, labels=["car"], on_doubt="cover"), said).redaction.covered == 1
    assert after(redactor(CARS, labels=["car"], detectors=[said.function]), said).redaction.doubt is None


def test_a_record_cannot_have_a_detector_find_more_than_the_chain_file_does() -> None:
    with pytest.raises(Doubt, match="that can find what is asked for: person"):
        after(redactor(CARS, labels=["person"]), hop())


def test_a_hop_that_may_be_of_either_of_two_stages_vouches_for_what_both_find() -> None:
    two = CARS | {"animals": detector(labels=["dog", "cat"], minimum_confidence=0.5)}
    assert after(redactor(two, labels=["dog"]), hop()).redaction.doubt is None
    with pytest.raises(Doubt, match="what is asked for: cat"):
        after(redactor(two, labels=["cat"]), hop())
    assert after(redactor(two, labels=["cat"]), hop(labels=["dog", "cat"])).redaction.doubt is None
    assert after(redactor(two, labels=["cat", "car"]), *BELIEVED.values(), hop(labels=["dog", "cat"]))


def test_a_detector_whose_model_this_host_has_not_is_not_believed_and_that_is_said_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    elsewhere = {"plates": detector("detect_onnx", model="/nowhere/plates.onnx")}
    with caplog.at_level(logging.WARNING):
        work = redactor(elsewhere, labels=["plate"])
        for _ in range(3):
            with pytest.raises(Doubt, match=UNKNOWN_LABELS):
                after(work, hop("detect_onnx", model="/nowhere/plates.onnx"))
    (line,) = [record.getMessage() for record in caplog.records]
    assert line.startswith("Stage plates: this host cannot tell what detect_onnx finds, so its frames are doubted")
    assert after(redactor(elsewhere, labels=["plate"], detectors=["detect_onnx"]), hop("detect_onnx"))


@pytest.fixture
def watched() -> Iterator[list[str]]:
    """What is opened and imported, by whatever name."""
    seen: list[str] = []
    on = [True]

    def audit(event: str, arguments: tuple[Any, ...]) -> None:
        if on[0] and event in {"open", "import"}:
            seen.append(f"{event} {arguments[0]}")

    sys.addaudithook(audit)  # for ever: a hook cannot be taken away
    yield seen
    on[0] = False


HOSTILE = [
    hop("detect_onnx", model="/etc/hostname"),
    hop("detect_onnx", model="yolox-nano", labels_file="/dev/zero"),
    hop("detect_imageai", weights="/etc/hostname"),
    hop("detect_objects", labels=["x" * 200] * 10),
    hop("antigravity"),
    hop("functions.models.catalogue"),
    hop("../../etc/passwd"),
    *(hop("detect_objects", labels=[f"{n}"]) for n in range(300)),
]


@pytest.mark.parametrize("redacted_output", [False, True])
def test_nothing_that_a_hop_says_is_opened_imported_or_asked_of_a_function(
    watched: list[str], monkeypatch: pytest.MonkeyPatch, redacted_output: bool
) -> None:
    asked: list[object] = []

    def labels(**options: object) -> tuple[str, ...]:
        asked.append(options)
        return ("person",)

    with monkeypatch.context() as patched:
        patched.setattr(registry, "_functions", dict(registry.load()))

        @function(labels=labels)
        def looks(frame: Frame, *, model: str = "mine") -> Frame:
            return frame

        work = replace(redactor({"looks": detector("looks")}, on_doubt="cover"), redacted_output=redacted_output)
        after(work, hop("looks"))
        asked.clear()
        watched.clear()
        for hostile in [*HOSTILE, hop("looks", model="/etc/hostname"), hop("looks")]:
            after(work, hostile)

    assert watched == []
    assert asked == []


def test_a_worker_believes_the_detectors_of_its_chain_file_alone(embedded: str, tmp_path: Path) -> None:
    good = replace(frames.frame(1), hops=(hop("detect_stub"),))
    bad = replace(frames.frame(0), hops=(hop("detect_onnx", model="/etc/hostname"),))
    with worker(environment(embedded, tmp_path), "redact"):
        for each in (bad, good):
            produce(embedded, "IMAGEAI_FRAME", "cam", records.encode(records.from_frame(each)))
        (dead,) = consume(embedded, "DEAD_REDACT", 1)
        (shown,) = frames.read(consume(embedded, "REDACTION_FRAME", 1))

    assert f"{NOT_IN_CHAIN}: detect_onnx" in dict(dead.headers())["reason"].decode()
    assert (shown.seq, [each.function for each in shown.hops]) == (1, ["detect_stub", "redact"])
    assert [each.stage for each in shown.hops] == ["detect", "redact"]
