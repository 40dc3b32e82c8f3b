"""What stands on a redacted topic: nothing of what was hidden, in no picture, no segment and no field."""

from __future__ import annotations

import asyncio
import re
import struct
from collections.abc import AsyncIterator, Awaitable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import cv2
import msgpack
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from functions import Detection, Frame, Hop, Redaction
from functions.core import registry
from functions.core.frame import Picture
from functions.core.labels import COCO
from functions.motion.background import STARTING
from functions.redact import Memory
from functions.redaction.evidence import CANNOT_FIND, NO_DETECTOR, OTHER_OPTIONS, Doubt
from streams.chain.redacted_words import VERSION
from streams.chain.types import StageConf
from streams.stage.handler import Stage
from streams.stage.invocation import BadResult, Invocation
from streams.stage.thread_pool import ThreadPool
from streams.wire import records
from streams.wire.records import WireRedaction
from tests.functions.hops import looked_at
from tests.streams.delivering import Delivering
from tests.streams.stage.stages import Arrived
from tests.streams.trusting import detector, in_chain
from tests.wait import others_turn

MARKER = b"ANNA-LIVES-HERE"
FIELDS = {"v", "id", "source", "seq", "captured_at", "live", "size_wh", "detections", "hops", "redaction", "jpeg"}
INNER = {
    "detections": {"label", "confidence", "xyxy", "track", "hidden"},
    "hops": {"stage", "function", "version", "options", "started_at", "took_us", "average_us"},
    "redaction": {"labels", "style", "covered", "doubt"},
}
SOI, EOI, SOS = 0xD8, 0xD9, 0xDA
# JFIF's header, tables, size, scan: what it takes to decode a picture.
NEEDED = {0xE0, 0xDB, 0xC0, 0xC4, SOS}
# A block of JPEG that lies wholly in what is covered is as black as it was drawn; at the rim, where a block holds both,
# the uncovered part swings into the covered one: never by more than a third of the range.
INSIDE, RIM = 3, 85


def redacted(value: bytes, chain: dict[str, StageConf] | None = None, **options: object) -> dict:  # type: ignore[type-arg]
    """What a stage writes to a redacted topic for a record that it read, in a chain with these detectors."""
    spec = registry.load()["redact"]
    said = spec.validate({"motion": False, **options})
    known = in_chain(Invocation("redact", spec, said, True, records.MAX_RECORD_BYTES), **(chain or {}))
    (result,) = known.records(known(records.to_frame(records.decode(value)), Memory(), ()))
    unpacked: dict = msgpack.unpackb(result)  # type: ignore[type-arg]
    return unpacked


def segment(marker: int, payload: bytes) -> bytes:
    return bytes([0xFF, marker]) + struct.pack(">H", len(payload) + 2) + payload


def exif(orientation: int, thumbnail: bytes) -> bytes:
    """An EXIF segment with an orientation and, behind its directory, a thumbnail."""
    directory = struct.pack(">HHHIHHI", 1, 0x0112, 3, 1, orientation, 0, 0)
    return segment(0xE1, b"Exif\0\0" + b"MM\0*" + struct.pack(">I", 8) + directory + thumbnail)


def source_jpeg(image: np.ndarray, progressive: bool, orientation: int) -> bytes:
    """A camera's picture with everything that may stand in such a file."""
    encoded = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_PROGRESSIVE, int(progressive)])[1].tobytes()
    extra = exif(orientation, MARKER + encoded[:200]) + segment(0xFE, MARKER)
    extra += segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + MARKER) + segment(0xED, b"Photoshop 3.0\0" + MARKER)
    extra += segment(0xE2, b"ICC_PROFILE\0\1\1" + MARKER) + segment(0xEF, MARKER)
    second = encoded[:2] + segment(0xFE, MARKER) + encoded[2:]  # as phones put a larger one behind the first
    return encoded[:2] + extra + encoded[2:] + second + MARKER


def segments(jpeg: bytes) -> list[int]:
    """The markers of a JPEG up to its only scan, and whether it ends where it should."""
    found, at = [], 2
    while True:
        assert jpeg[at] == 0xFF
        found.append(jpeg[at + 1])
        at += 2 + struct.unpack_from(">H", jpeg, at + 2)[0]
        if found[-1] == SOS:
            assert jpeg.index(b"\xff\xd9", at) == len(jpeg) - 2
            return found


def words_in(record: dict) -> set[str]:  # type: ignore[type-arg]
    """Every word of a record but its source, and its id if that is not of the form that producers give it."""
    said = [found["label"] for found in record["detections"]]
    for hop in record["hops"]:
        said += [hop["stage"], hop["function"], hop["version"], *hop["options"]]
        said += [value for value in hop["options"].values() if isinstance(value, str)]
    said += [*record["redaction"]["labels"], record["redaction"]["style"], record["redaction"]["doubt"] or "in doubt"]
    return {*said} | ({record["id"]} if not re.fullmatch(r"[0-9a-f]{12}-[0-9]+", record["id"]) else set())


NOT_KNOWN = ["AB-CD 1234", "Anna Kareninova", "per son", "person: Anna"]
ID = "0123456789ab-0"
WORD = st.text(min_size=1, max_size=64)
ID_LIKE = WORD | st.sampled_from(["anna", "0123456789ab", "0123456789AB-0", "0123456789ab-anna", "0123456789ab-٣"])
COUNT = st.integers(0, 2**63 - 1)
OPTIONS = st.dictionaries(WORD, WORD | st.integers(0, 9), max_size=3)
_FUNCTIONS = [registry.load()[name] for name in ("redact", "detect_objects")]
KNOWN = {
    *COCO,
    *("detect", "redact", "detect_objects", VERSION, "solid", "other", "in doubt"),
    *(name for spec in _FUNCTIONS for name in spec.options),
    *(option.default for spec in _FUNCTIONS for option in spec.options.values() if isinstance(option.default, str)),
}


@st.composite
def pictures(draw: st.DrawFn) -> tuple[bytes, tuple[int, int]]:
    """A JPEG of any kind and its upright size."""
    width, height = draw(st.integers(1, 90)), draw(st.integers(1, 90))
    orientation, gray = draw(st.integers(1, 8)), draw(st.booleans())
    shape = (height, width) if gray else (height, width, 3)
    image = np.random.default_rng(draw(st.integers(0, 9))).integers(100, 255, shape, np.uint8)
    size_wh = (height, width) if orientation >= 5 else (width, height)
    return source_jpeg(image, draw(st.booleans()), orientation), size_wh


@st.composite
def values(draw: st.DrawFn) -> tuple[bytes, Sequence[Detection]]:
    """A record as a detector wrote it, and what it found: on edges, overlapping, of no size, up to a thousand."""
    jpeg, (width, height) = draw(pictures())
    edge_x = st.sampled_from([0.0, float(width)]) | st.floats(0, width)
    edge_y = st.sampled_from([0.0, float(height)]) | st.floats(0, height)
    box = st.tuples(edge_x, edge_y, edge_x, edge_y).map(
        lambda four: (min(four[::2]), min(four[1::2]), max(four[::2]), max(four[1::2]))
    )
    label = st.sampled_from(["person", "Person", "dog", *NOT_KNOWN]) | WORD
    found = draw(st.lists(st.builds(Detection, label, st.floats(0, 1), box), max_size=12))
    found *= draw(st.sampled_from([1, 1, 1, 80]))
    frame = replace(looked_at(Frame.from_jpeg(jpeg)).with_detections(found), id=draw(st.just(ID) | ID_LIKE))
    strangers = draw(st.lists(st.builds(Hop, WORD, WORD, WORD, OPTIONS, COUNT, COUNT, COUNT), max_size=3))
    earlier = st.builds(Redaction, st.lists(WORD, max_size=3).map(tuple), WORD, st.floats(0, 1), st.none() | WORD)
    frame = replace(frame, hops=(*strangers, *frame.hops), redaction=draw(st.none() | earlier))
    return records.encode(records.from_frame(frame)), frame.detections


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(values())
def test_whatever_comes_what_is_found_is_black_and_nothing_rides_along(case: tuple[bytes, Sequence[Detection]]) -> None:
    value, found = case
    record = redacted(value, padding=0)
    assert record.keys() == FIELDS
    for name, fields in INNER.items():
        for each in [record[name]] if name == "redaction" else record[name]:
            assert each.keys() == fields
    assert words_in(record) <= KNOWN
    assert set(segments(record["jpeg"])) <= NEEDED
    assert MARKER not in records.encode(records.decode(msgpack.packb(record)))

    image = Frame.from_jpeg(record["jpeg"]).image.max(axis=2)
    covered = np.zeros(image.shape, bool)
    for each in found:
        if each.label.casefold() == "person" and each.confidence >= 0.1:
            x1, y1, x2, y2 = each.xyxy
            covered[int(y1) : int(np.ceil(y2)), int(x1) : int(np.ceil(x2))] = True
    assert image[covered].max(initial=0) <= RIM
    assert image[covered & in_whole_blocks(covered)].max(initial=0) <= INSIDE


def in_whole_blocks(covered: np.ndarray) -> np.ndarray:
    """Pixels well inside blocks of 16x16, the unit of JPEG with halved colours, that are covered wholly."""
    rows, columns = (-side % 16 for side in covered.shape)
    padded = np.pad(covered, ((0, rows), (0, columns)), mode="edge")
    blocks = padded.reshape(padded.shape[0] // 16, 16, padded.shape[1] // 16, 16).all(axis=(1, 3))
    whole = np.kron(blocks, np.ones((16, 16), np.uint8))[: covered.shape[0], : covered.shape[1]]
    # Decoders smooth colours over the edges of blocks, by two pixels.
    return cv2.erode(whole, np.ones((5, 5), np.uint8)) > 0


def planted() -> bytes:
    """A record with a marker in every place that a writer can put one."""
    jpeg = source_jpeg(np.full((48, 64, 3), 200, np.uint8), progressive=False, orientation=6)
    found = [Detection("person", 0.9, (10, 10, 20, 20))]
    name = MARKER.decode()
    stranger = Hop(name, name, name, {"model": f"/home/{name}/x", "names": [name], name: name}, 0, 0, 0)
    frame = replace(Frame.from_jpeg(jpeg), hops=(stranger,), id=name, redaction=Redaction((name,), name, 0.5, name))
    found += [Detection(name, 0.9, (10, 10, 20, 20))]
    frame = looked_at(frame.with_detections(found))
    record = msgpack.unpackb(records.encode(records.from_frame(frame)))
    for part in (record, record["detections"][0], record["hops"][0], record["hops"][0]["options"]):
        part["crop"] = MARKER.decode()
    came: bytes = msgpack.packb(record)
    assert came.count(MARKER) == 24
    return came


def test_no_marker_planted_anywhere_in_what_comes_is_in_what_goes() -> None:
    gone = msgpack.packb(redacted(planted()))
    assert MARKER not in gone
    assert msgpack.unpackb(gone)["detections"][0]["hidden"]


@dataclass
class Headed(Arrived):
    """A message with headers, as Kafka hands it over."""

    headers: tuple[tuple[str, bytes], ...] = ((MARKER.decode(), MARKER), ("jpeg", MARKER))


@pytest.mark.parametrize(
    ("key", "topic"), [(b"source", "REDACTION_FRAME"), (MARKER, "DEAD_REDACT"), (None, "DEAD_REDACT")]
)
async def test_no_header_and_no_key_but_the_source_s_goes_with_it(key: bytes | None, topic: str) -> None:
    spec = registry.load()["redact"]
    said = spec.validate({"motion": False, "look_ahead_s": 0})
    work = in_chain(Invocation("redact", spec, said, True, 2**21))
    (pool := ThreadPool(1, time_limit_s=10)).start()
    sent: list[tuple[str, bytes | None, bytes, dict[str, bytes]]] = []
    acked = asyncio.Event()

    async def send(*what: Any) -> Awaitable[None]:
        sent.append(what)
        return others_turn()

    def ack(message: Headed) -> None:
        acked.set()

    async def messages() -> AsyncIterator[Headed]:
        yield Headed(planted(), key)
        await asyncio.Event().wait()

    stage = Stage(work, pool)
    delivery = Delivering(stage, send, ("REDACTION_FRAME", "DEAD_REDACT"), 4, ack)
    running = asyncio.create_task(delivery.run(messages()))
    await asyncio.wait_for(acked.wait(), 30)
    running.cancel()
    pool.stop()

    ((where, with_key, value, headers),) = sent
    assert (where, with_key) == (topic, key)
    if topic == "REDACTION_FRAME":
        assert headers == {}
        assert MARKER not in value


def test_a_picture_that_encodes_to_the_very_same_bytes_again_passes() -> None:
    """A plain one with nothing to hide: it was encoded anew, and has no byte that ours would not have."""
    frame = looked_at(Frame.from_image(np.full((48, 64, 3), 200, np.uint8)))
    assert redacted(records.encode(records.from_frame(frame)))["jpeg"] == frame.jpeg


def test_words_of_options_stay_behind_unless_they_are_defaults_or_choices() -> None:
    frame = looked_at(Frame.from_image(np.full((48, 64, 3), 200, np.uint8)))
    frame = looked_at(frame, "detect_people", minimum_confidence=0.5, tiles="1x1")
    frame = replace(frame, hops=(*frame.hops, Hop("somebody", "else_s", "1", {"anna": 1}, 0, 0, 0)))
    value = records.encode(records.from_frame(frame))
    _, seen, unknown, own = redacted(value, labels=["person", "Bicycle"], style="blur", on_doubt="cover")["hops"]
    assert seen["options"] == {"minimum_confidence": 0.5, "tiles": None}
    assert unknown["options"] == {}
    said = {name: own["options"][name] for name in ("labels", "style", "on_doubt", "padding", "motion", "zones")}
    assert said == {"labels": None, "style": "blur", "on_doubt": "cover", "padding": 0.05, "motion": False, "zones": []}


def test_whoever_redacts_a_redacted_frame_again_does_not_believe_what_it_cannot_read() -> None:
    """Which labels the detector looked for is among the words that stay behind."""
    frame = looked_at(Frame.from_image(np.full((48, 64, 3), 200, np.uint8)), labels=["car", "dog"])
    chain = {"detect": detector(labels=["car", "dog"])}
    once = msgpack.packb(redacted(records.encode(records.from_frame(frame)), chain, labels=["car"]))
    with pytest.raises(Doubt, match=r"other options than the chain file says.*: detect_objects, labels"):
        redacted(once, chain, labels=["car"])
    again = redacted(once, chain, labels=["car"], on_doubt="cover")["redaction"]
    assert (again["covered"], again["doubt"]) == (1, OTHER_OPTIONS)
    assert redacted(once, chain, labels=["car"], detectors=["detect_objects"])["redaction"]["covered"] == 0


def found_and_hidden(*labels: str, chain: dict[str, StageConf], **options: object) -> tuple[list[str], list[bool]]:
    """What becomes of detections with these labels."""
    frame = looked_at(Frame.from_image(np.full((48, 64, 3), 200, np.uint8)), "detect_people")
    frame = replace(frame, detections=tuple(Detection(label, 0.9, (1, 1, 9, 9)) for label in labels))
    gone = redacted(records.encode(records.from_frame(frame)), chain, **options)["detections"]
    return [found["label"] for found in gone], [found["hidden"] for found in gone]


def test_labels_are_those_asked_for_and_those_that_the_detectors_of_the_chain_find_in_their_spelling() -> None:
    people = {"detect": detector("detect_people")}
    came = ("PERSON", "Anna Kareninova", "AB-CD 1234", "number_plate", "dog")
    assert found_and_hidden(*came, chain=people) == (
        ["person", "other", "other", "other", "other"],
        [True, False, False, False, False],
    )
    labels, hidden = found_and_hidden(
        *came, chain=people, labels=["Number plate"], detectors=["detect_people"], on_doubt="cover"
    )
    assert labels == ["person", "other", "other", "Number plate", "other"]
    assert hidden == [False, False, False, True, False]
    both = people | {"things": detector()}
    assert found_and_hidden(*came, chain=both)[0] == ["person", "other", "other", "other", "dog"]


def test_a_function_that_reads_redacted_records_brings_no_words_in_either() -> None:
    def names(frame: Frame) -> Frame:
        hops = (Hop("Anna", "Anna", "Anna", {}, 0, 0, 0),)
        done = Redaction(("Anna", "person"), "Anna", 0.5, "Anna was lost")
        found = (Detection("Anna", 0.9, (1, 1, 9, 9)), Detection("person", 0.9, (1, 1, 9, 9)))
        return replace(frame, id="Anna", detections=found, hops=hops, redaction=done)

    spec = replace(registry.load()["annotate"], call=names)
    work = in_chain(Invocation("annotate", spec, {}, True, records.MAX_RECORD_BYTES))
    (value,) = work.records(work(replace(Frame.from_image(np.full((48, 64, 3), 200, np.uint8)), id="Anna", seq=7)))
    assert b"Anna" not in value
    record = records.decode(value)
    assert record.id == "000000000000-7"
    assert [found.label for found in record.detections] == ["other", "person"]
    assert record.redaction == WireRedaction(["other", "person"], "other", 0.5, "in doubt")


@pytest.mark.parametrize("frame_id", ["0123456789ab-7", "0123456789ab-7.1.12", "000000000000-9223372036854775807"])
def test_an_id_as_producers_write_it_stays(frame_id: str) -> None:
    frame = replace(looked_at(Frame.from_image(np.full((48, 64, 3), 200, np.uint8))), id=frame_id)
    assert redacted(records.encode(records.from_frame(frame)))["id"] == frame_id


def test_several_results_of_a_frame_without_such_an_id_are_still_told_apart() -> None:
    spec = replace(registry.load()["annotate"], call=lambda frame: [frame, frame])
    work = in_chain(Invocation("annotate", spec, {}, True, records.MAX_RECORD_BYTES))
    results = work.records(work(replace(Frame.from_image(np.full((48, 64, 3), 200, np.uint8)), id="Anna", seq=7)))
    assert [records.decode(value).id for value in results] == ["000000000000-7", "000000000000-7.1"]


def test_doubts_on_a_redacted_topic_are_sentences_of_this_project_and_of_nobody_else() -> None:
    frame = Frame.from_image(np.full((48, 64, 3), 200, np.uint8))
    said = {"Anna was lost": "in doubt", f"{STARTING}": STARTING, f"{CANNOT_FIND}: Anna": CANNOT_FIND}
    for came, goes in said.items():
        seen = replace(looked_at(frame), redaction=Redaction(("person",), "solid", 0.0, came))
        assert redacted(records.encode(records.from_frame(seen)))["redaction"]["doubt"] == goes
    unseen = redacted(records.encode(records.from_frame(frame)), on_doubt="cover")
    assert unseen["redaction"]["doubt"] == NO_DETECTOR


def test_a_redactor_that_passes_on_the_very_bytes_it_got_publishes_nothing() -> None:
    """Also in another frame's clothes."""

    def passes(frame: Frame) -> Frame:
        return replace(frame, picture=Picture(jpeg=frame.jpeg))

    spec = replace(registry.load()["redact"], call=passes, state=None, look_ahead_s=0.0)
    work = Invocation("redact", spec, {}, True, records.MAX_RECORD_BYTES)
    frame = looked_at(Frame.from_image(np.full((48, 64, 3), 200, np.uint8)))
    with pytest.raises(BadResult, match="expected a picture made anew for a redacted topic"):
        work(frame)
