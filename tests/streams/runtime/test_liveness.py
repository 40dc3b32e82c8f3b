"""A consumer that dies without a word: its stage notices, says so, and starts anew."""

from __future__ import annotations

from pathlib import Path

import pytest

from streams.runtime.lag import Liveness
from tests.bus import consume, produce_all
from tests.streams import frames
from tests.streams.chains import environment, wait_ready, worker
from tests.streams.pages import ask, metrics
from tests.wait import wait_until

DEAF = """
[stages.deaf]
function = "deafen"
input = "DEAF_IN"
output = "DEAF_OUT"
options = { seq = 4 }

[topics.DEAF_IN]
"""


def test_a_stage_whose_consumer_fetches_no_more_starts_anew_and_loses_nothing(kafka: str, tmp_path: Path) -> None:
    env = environment(kafka, tmp_path, DEAF, partitions=1, time_limit_s=1, stall_s=3)
    with worker(env) as process:
        wait_ready(process, "deaf")
        produce_all(kafka, "DEAF_IN", frames.pairs(range(5)))
        consume(kafka, "DEAF_OUT", 5)
        produce_all(kafka, "DEAF_IN", frames.pairs(range(5, 10)))

        lag = ("imagebus_lag_records", "deaf", "DEAF_IN")
        wait_until(lambda: metrics(process).get(lag) == 5, 20, "a worker that knows what its consumer does not")
        wait_until(lambda: ask(process, "/health")[0] == 503, 20, "a worker that says it is not alive")
        process.wait_for_line("Stage deaf: has done none of the records that wait for it for 4 s")

        messages = consume(kafka, "DEAF_OUT", lambda read: len(set(frames.seqs(read))) == 10)
        assert frames.first_seen(frames.seqs(messages)) == list(range(10))
        wait_until(lambda: ask(process, "/health")[0] == 200, 20, "a worker that is alive again")
        assert metrics(process)["imagebus_restarts_total", "deaf"] == 1


def test_only_time_with_records_waiting_and_none_done_counts() -> None:
    liveness = Liveness(limit_s=4)
    assert liveness.moved(0)
    assert [liveness.note(waiting, 2) for waiting in (True, False, True, True)] == [False, False, False, True]
    assert not liveness.alive
    # It goes on counting: a start that does not help is followed by another, and until one does it is not alive.
    assert [liveness.note(True, 2) for _ in range(3)] == [False, True, False]
    assert not liveness.alive
    assert liveness.moved(1)
    assert liveness.alive
    assert liveness.idle_s == pytest.approx(0)
