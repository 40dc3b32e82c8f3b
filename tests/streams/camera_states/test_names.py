"""Whose a name is: a second producer of one name gives way, and one that returns is not kept waiting for itself."""

from __future__ import annotations

import signal
from pathlib import Path

from tests.bus import length
from tests.streams.fleet.fleets import States
from tests.streams.producing import TOPIC, frames, producer

PLAY = ("-f", 5, "--realtime", "--loop")


def test_the_later_of_two_producers_without_a_name_is_refused_and_sends_nothing(embedded: str, clip: Path) -> None:
    with producer(embedded, clip, *PLAY) as first:
        frames(embedded, TOPIC, 1)
        with producer(embedded, clip, *PLAY) as second:
            assert second.wait(60) == 2
            second.wait_for_line(
                "--name source: expected a name of its own, got one under which another producer already sends to "
                r"SOURCE_FRAME, since \d\d:\d\d:\d\d; -n NAME gives this one another"
            )
        seen = length(embedded, TOPIC)
        records = frames(embedded, TOPIC, seen + 2)
        assert first.exit_code is None
    assert len({record["id"].split("-")[0] for record in records}) == 1


def test_another_name_or_another_topic_is_nobody_s_business(embedded: str, clip: Path) -> None:
    with (
        producer(embedded, clip, *PLAY),
        producer(embedded, clip, "-n", "other", *PLAY),
        producer(embedded, clip, "-t", "OTHER_FRAME", *PLAY),
    ):
        frames(embedded, "OTHER_FRAME", 2, timeout_s=60)
        frames(embedded, TOPIC, lambda messages: {message.key() for message in messages} == {b"source", b"other"}, 60)


def test_a_name_is_free_at_once_after_a_stop_and_soon_after_a_kill(embedded: str, clip: Path) -> None:
    states = States(embedded)
    for end in (signal.SIGINT, signal.SIGKILL):
        with producer(embedded, clip, *PLAY) as process:
            before = states.wait("its state", lambda now: "source" in now and now["source"].state == "running")
            process.send(end)
            process.wait(30)
        with producer(embedded, clip, *PLAY):
            run = before["source"].run
            states.wait(
                "the next run", lambda now, old=run: now["source"].run != old and now["source"].state == "running"
            )
