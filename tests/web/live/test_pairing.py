"""The same frame on two topics: the quicker side waits, in a buffer that does not grow without end."""

from __future__ import annotations

from dataclasses import replace

import msgspec

from streams.wire.records import Record, from_frame
from tests.web.frames_of_chain import Camera
from web.live import pairing as pairings
from web.live.newest import NewestFrames
from web.live.pairing import LiveFrame, Pairing

LEFT, RIGHT = "SOURCE_FRAME", "REDACTION_FRAME"


def record(seq: int, run: str = "aaaaaaaaaaaa", jpeg_bytes: int = 0) -> Record:
    plain = from_frame(Camera("", "door", run).frame(seq))
    return msgspec.structs.replace(plain, jpeg=plain.jpeg + bytes(jpeg_bytes))


def shown(topic: str, seq: int, at: float = 0.0, jpeg_bytes: int = 0) -> LiveFrame:
    return LiveFrame(topic, record(seq, jpeg_bytes=jpeg_bytes), at)


def seqs(pairing: Pairing) -> tuple[int | None, int | None]:
    pair = pairing.pairs["door"]
    return (pair.left and pair.left.record.seq), (pair.right and pair.right.record.seq)


def test_the_left_side_is_shown_alone_until_the_right_topic_has_ever_sent() -> None:
    pairing = Pairing(LEFT, RIGHT)
    pairing.put(shown(LEFT, 1))
    assert seqs(pairing) == (1, None)


def test_either_side_may_come_first() -> None:
    pairing = Pairing(LEFT, RIGHT)
    for topic, seq in [(LEFT, 1), (LEFT, 2), (RIGHT, 1), (RIGHT, 2), (RIGHT, 3), (LEFT, 3)]:
        pairing.put(shown(topic, seq))
    assert seqs(pairing) == (3, 3)


def test_the_last_pair_stays_while_the_left_side_runs_ahead() -> None:
    pairing = Pairing(LEFT, RIGHT)
    for topic, seq in [(LEFT, 1), (RIGHT, 1), (LEFT, 2), (LEFT, 3)]:
        pairing.put(shown(topic, seq))
    assert seqs(pairing) == (1, 1)


def test_a_right_side_without_its_left_is_shown_alone_only_after_two_seconds() -> None:
    pairing = Pairing(LEFT, RIGHT)
    pairing.put(shown(RIGHT, 7, at=0.0))
    assert pairing.pairs == {}
    pairing.put(shown(RIGHT, 8, at=2.1))
    assert seqs(pairing) == (None, 8)


def test_the_buffer_gives_up_its_oldest_frames() -> None:
    pairing = Pairing(LEFT, RIGHT)
    for seq in range(20):
        pairing.put(shown(LEFT, seq, jpeg_bytes=pairings.BUFFER_BYTES // 10))
    assert pairing._bytes <= pairings.BUFFER_BYTES
    pairing.put(shown(RIGHT, 0))
    assert seqs(pairing) == (19, None)
    pairing.put(shown(RIGHT, 15))
    assert seqs(pairing) == (15, 15)


def test_no_raw_frame_waits_longer_than_minutes_nor_for_a_source_that_is_forgotten() -> None:
    pairing = Pairing(LEFT, RIGHT)
    pairing.put(shown(LEFT, 0, at=0.0))
    pairing.put(shown(LEFT, 1, at=1.0))
    pairing.put(shown(LEFT, 2, at=pairings.BUFFER_S + 0.5))
    assert [frame.record.seq for frame in pairing._lefts.values()] == [1, 2]
    pairing.forget("door")
    assert (len(pairing._lefts), pairing._bytes) == (0, 0)


def test_a_tap_gets_every_pair() -> None:
    pairing, got = Pairing(LEFT, RIGHT), []
    pairing.taps.add(lambda pair: got.append(tuple(side for side, _ in pair.sides)))
    for topic, seq in [(LEFT, 1), (RIGHT, 1), (LEFT, 2), (RIGHT, 2)]:
        pairing.put(shown(topic, seq))
    assert got == [("left",), ("left", "right"), ("left", "right")]


def test_a_repeat_of_an_older_frame_changes_nothing_but_another_run_does() -> None:
    newest = NewestFrames([LEFT], 128)
    for sent in (record(5), record(4), record(5)):
        newest.put(LEFT, sent)
    assert newest.frames[LEFT]["door"].record.seq == 5
    newest.put(LEFT, record(0, run="bbbbbbbbbbbb"))
    assert newest.frames[LEFT]["door"].record.seq == 0


def test_a_pairing_is_shared_and_forgotten_with_its_last_user() -> None:
    newest = NewestFrames([LEFT, RIGHT], 128)
    first, second = newest.watch(LEFT, RIGHT), newest.watch(LEFT, RIGHT)
    assert first is second
    newest.unwatch(first)
    assert newest.watch(LEFT, RIGHT) is first
    newest.unwatch(first)
    newest.unwatch(first)
    assert newest.watch(LEFT, RIGHT) is not first


def test_meta_is_everything_of_a_record_but_its_picture() -> None:
    frame = replace(Camera("", "door").frame(3), live=True)
    meta = msgspec.json.decode(LiveFrame(LEFT, from_frame(frame), 0.0).meta)
    assert (meta["topic"], meta["source"], meta["seq"], meta["size_wh"]) == (LEFT, "door", 3, [320, 240])
    assert "jpeg" not in meta


def test_what_a_record_leaves_out_is_left_out_of_what_a_browser_is_told() -> None:
    unseen = ((0.0, 0.0, 5.0, 5.0),)
    whole, partly = Camera("", "door").frame(1), replace(Camera("", "door").frame(1), unseen=unseen)
    told = [msgspec.json.decode(LiveFrame(LEFT, from_frame(frame), 0.0).meta) for frame in (whole, partly)]
    assert [each.get("unseen") for each in told] == [None, [list(box) for box in unseen]]
    assert "jpeg" not in told[0]
