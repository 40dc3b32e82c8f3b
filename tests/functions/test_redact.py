"""What was found is covered wholly, marked, and in none of the bytes that go on. Doubts: test_redact_doubt.py."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions import Detection, Frame
from functions.core.options import OptionError
from functions.core.registry import load
from functions.redact import Memory
from functions.redact import redact as redact_in_time
from functions.redaction.fills import STYLES
from tests.functions.hops import looked_at

BLACK = (0, 0, 0)


def a_picture(*found: Detection) -> Frame:
    return looked_at(Frame.from_image(np.full((100, 200, 3), 200, np.uint8)).with_detections(found))


def redact(frame: Frame, **options: object) -> Frame:
    """One picture alone: nothing came before or after it, and nothing moves."""
    return redact_in_time(frame, Memory(), (), **{"motion": False, **options})  # type: ignore[arg-type]


def black(frame: Frame) -> np.ndarray:
    return (frame.image == BLACK).all(axis=2)


def test_people_are_black_and_the_rest_is_as_it_was() -> None:
    redacted = redact(a_picture(Detection("person", 0.9, (50, 20, 80, 60))), padding=0)
    assert black(redacted)[20:60, 50:80].all()
    assert black(redacted).sum() == 40 * 30
    assert set(np.unique(redacted.image)) == {0, 200}


def test_what_no_detector_looked_at_is_covered_whatever_is_asked_for() -> None:
    redacted = redact(a_picture().with_unseen([(50, 20, 80, 60)]), padding=0, labels=("car",))
    assert black(redacted)[20:60, 50:80].all()
    assert black(redacted).sum() == 40 * 30
    assert redacted.unseen == ((50, 20, 80, 60),)


edge_x, edge_y = st.floats(0, 200), st.floats(0, 100)


@given(edge_x, edge_x, edge_y, edge_y)
def test_every_pixel_that_a_box_touches_is_covered(x1: float, x2: float, y1: float, y2: float) -> None:
    (x1, x2), (y1, y2) = sorted((x1, x2)), sorted((y1, y2))
    covered = black(redact(a_picture(Detection("person", 0.9, (x1, y1, x2, y2))), padding=0))
    columns, rows = np.arange(200), np.arange(100)
    touched_x, touched_y = (columns + 1 > x1) & (columns < x2), (rows + 1 > y1) & (rows < y2)
    assert covered[np.ix_(touched_y, touched_x)].all()


def test_padding_covers_more_on_each_side() -> None:
    covered = black(redact(a_picture(Detection("person", 0.9, (50, 20, 80, 60))), padding=0.5))
    assert covered[0:80, 35:95].all()
    assert covered.sum() == 80 * 60


def test_padding_is_cut_at_the_picture_s_edge() -> None:
    covered = black(redact(a_picture(Detection("person", 0.9, (0, 0, 20, 20))), padding=1))
    assert covered[:40, :40].all()
    assert covered.sum() == 40 * 40


@pytest.mark.parametrize("label", ["person", "Person", "PERSON", " person "])
def test_labels_match_whatever_their_case(label: str) -> None:
    found = Detection("pErson", 0.9, (50, 20, 80, 60))
    assert redact(a_picture(found), labels=(label,)).detections[0].hidden


def test_only_the_labels_asked_for_are_hidden() -> None:
    person, car = Detection("person", 0.9, (10, 10, 20, 20)), Detection("car", 0.9, (50, 20, 80, 60))
    redacted = redact(a_picture(person, car), labels=("car", "bus"), padding=0)
    assert [found.hidden for found in redacted.detections] == [False, True]
    assert not black(redacted)[10:20, 10:20].any()
    assert redacted.redaction is not None
    assert redacted.redaction.labels == ("car", "bus")


def test_it_says_what_it_did() -> None:
    redacted = redact(a_picture(Detection("person", 0.9, (50, 20, 80, 60))), padding=0)
    assert redacted.redaction is not None
    assert (redacted.redaction.labels, redacted.redaction.style, redacted.redaction.doubt) == (
        ("person",),
        "solid",
        None,
    )
    assert redacted.redaction.covered == pytest.approx(40 * 30 / 20_000)


def test_the_bytes_that_came_never_go_on_even_with_nothing_to_hide() -> None:
    """A JPEG may hold a thumbnail or text that the picture does not show."""
    came = looked_at(Frame.from_jpeg(a_picture().jpeg + b"a thumbnail of a face"))
    redacted = redact(came)
    assert redacted.picture is not came.picture
    assert b"a thumbnail of a face" not in redacted.jpeg
    assert redacted.redaction is not None
    assert redacted.redaction.covered == 0


@pytest.mark.parametrize("style", STYLES)
def test_nothing_of_the_hidden_is_left_in_the_jpeg(style: str) -> None:
    """Two people who differ in every pixel leave the same bytes, so that nobody can tell them apart."""
    images = [np.full((100, 200, 3), 200, np.uint8) for _ in range(2)]
    images[0][20:60, 50:80] = 255
    images[1][20:60, 50:80] = np.random.default_rng(1).integers(0, 255, (40, 30, 3))
    found = [Detection("person", 0.9, (50, 20, 80, 60))]
    frames = [looked_at(Frame.from_image(image).with_detections(found)) for image in images]
    one, other = (redact(frame, style=style, padding=0).jpeg for frame in frames)
    assert one == other


def test_the_frame_it_was_given_stays_as_it_was() -> None:
    frame = a_picture(Detection("person", 0.9, (50, 20, 80, 60)))
    redact(frame)
    assert not black(frame).any()
    assert not frame.detections[0].hidden


def test_unsure_detections_are_covered_unless_told_otherwise() -> None:
    frame = a_picture(Detection("person", 0.11, (50, 20, 80, 60)))
    assert black(redact(frame)).any()
    assert not black(redact(frame, minimum_confidence=0.5)).any()


def test_what_an_earlier_redactor_hid_stays_hidden_and_named() -> None:
    both = a_picture(Detection("person", 0.9, (10, 10, 20, 20)), Detection("car", 0.9, (50, 20, 80, 60)))
    twice = redact(redact(both, labels=("person",)), labels=("car",))
    assert [found.hidden for found in twice.detections] == [True, True]
    assert twice.redaction is not None
    assert twice.redaction.labels == ("person", "car")
    assert twice.redaction.covered == pytest.approx(black(twice).mean())


def test_it_is_marked_as_a_redactor_and_refuses_to_hide_nothing() -> None:
    spec = load()["redact"]
    assert spec.redacts
    with pytest.raises(OptionError, match="Function redact, option labels: expected `array` of length >= 1"):
        spec.validate({"labels": []})
