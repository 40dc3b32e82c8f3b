"""Redaction fails closed: a frame that nobody vouches for is not shown, or covered wholly."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from functions import Detection, Frame, Hop
from functions.redact import Memory, redact
from functions.redaction.evidence import Doubt
from tests.functions.hops import hop, looked_at

PLAIN = Frame.from_image(np.full((48, 64, 3), 200, np.uint8))
PERSON = Detection("person", 0.9, (10, 10, 20, 20))

DOUBTFUL = {
    "no hops": (PLAIN, "no detector among the hops"),
    "no detector": (looked_at(PLAIN, "annotate"), "no detector among the hops"),
    "a detector of another program": (looked_at(PLAIN, "detect_with_c"), "no detector among the hops"),
    "a detector that the chain file has not": (
        replace(PLAIN, hops=(replace(hop(), finds=frozenset(), disbelief="it is not in the chain file"),)),
        "it is not in the chain file",
    ),
    "a label it cannot find": (
        looked_at(PLAIN, "detect_faces"),
        "no detector among the hops that can find what is asked for: person",
    ),
    "a label it was not to find": (looked_at(PLAIN, labels=["car"]), "that can find what is asked for: person"),
    "detections of a larger picture": (
        looked_at(replace(PLAIN, detections=(replace(PERSON, xyxy=(300, 200, 340, 280)),))),
        "detections of another size than the picture's: 64x48",
    ),
    "a box upside down": (
        looked_at(replace(PLAIN, detections=(replace(PERSON, xyxy=(20, 10, 10, 20)),))),
        "detections of another size",
    ),
}


@pytest.mark.parametrize("case", DOUBTFUL)
def test_a_doubtful_frame_is_not_shown(case: str) -> None:
    frame, why = DOUBTFUL[case]
    with pytest.raises(Doubt, match=why):
        redact(frame, Memory(), ())


@pytest.mark.parametrize("case", DOUBTFUL)
def test_a_doubtful_frame_is_covered_wholly_where_that_is_asked_for(case: str) -> None:
    frame, why = DOUBTFUL[case]
    covered = redact(frame, Memory(), (), on_doubt="cover")
    assert not covered.image.any()
    assert covered.redaction is not None
    assert covered.redaction.covered == 1
    assert why in str(covered.redaction.doubt)


def test_one_of_several_detectors_has_to_know_each_label() -> None:
    both = looked_at(looked_at(PLAIN, "detect_faces"), "detect_people")
    done = redact(both, Memory(), (), labels=("Face", "person"), motion=False).redaction
    assert done is not None
    assert done.doubt is None


def test_what_a_record_says_of_a_detector_is_no_evidence() -> None:
    """A hop as it comes from the bus, before the stage has compared it with the chain file."""
    said = Hop("detect", "detect_objects", "1", {"labels": ["person"]}, 0, 0, 0)
    with pytest.raises(Doubt, match="no detector among the hops"):
        redact(replace(PLAIN, hops=(said,)), Memory(), ())


def test_a_detector_that_this_host_does_not_know_can_be_trusted_by_name() -> None:
    frame = looked_at(PLAIN.with_detections([Detection("badge", 0.9, (10, 10, 20, 20))]), "detect_with_c")
    hidden = redact(frame, Memory(), (), labels=("badge",), detectors=("detect_with_c",), motion=False)
    assert not hidden.image[10:20, 10:20].any()
    assert hidden.image[30:, 30:].all()
