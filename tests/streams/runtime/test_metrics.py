"""What a worker and a producer tell Prometheus."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from functions.core.frame import Hop
from streams.runtime.metrics import Times, histogram
from tests.bus import consume, produce, produce_all
from tests.processes import IMAGEBUS, Process, free_port
from tests.streams import frames
from tests.streams.chains import environment, wait_ready, worker
from tests.streams.pages import ask, get, metrics, parsed
from tests.wait import wait_until


def test_a_worker_counts_records_times_and_lag_of_each_stage(embedded: str, tmp_path: Path) -> None:
    with worker(environment(embedded, tmp_path)) as process:
        wait_ready(process)
        produce_all(embedded, "SOURCE_FRAME", frames.pairs(range(5)))
        produce(embedded, "SOURCE_FRAME", "cam", b"junk")
        consume(embedded, "ANNOTATED_FRAME", 5)
        consume(embedded, "DEAD_DETECT", 1)

        wait_until(lambda: metrics(process)["imagebus_lag_records", "detect", "SOURCE_FRAME"] == 0, 10, "no lag")
        told = metrics(process)
        alive = ask(process, "/health")
    # Labels stand in the order of their names.
    counted = {outcome: told["imagebus_records_total", outcome, "detect"] for outcome in ("done", "dead", "skipped")}
    assert counted == {"done": 5, "dead": 1, "skipped": 0}
    letters = {source: told.get(("imagebus_dead_letters_total", source, "detect")) for source in ("cam", "yard", "")}
    assert letters == {"cam": 1, "yard": None, "": 0}
    assert told["imagebus_ready", "annotate"] == 1
    assert told["imagebus_function_seconds_count", "detect"] == 5
    assert told["imagebus_hop_seconds_count", "annotate"] == 5
    assert told["imagebus_age_seconds_count", "detect"] == 0  # a file's frames have no age
    assert told["process_resident_memory_bytes",] > 1e6
    assert json.loads(alive[1])["detect"] == {"alive": True, "lag": 0, "done": 5, "dead": 1}


def test_times_fall_into_buckets_by_live_and_by_hop() -> None:
    live = replace(frames.frame(live=True), captured_at=1_000_000)
    times = Times()
    times.add(live, started_at=1_030_000, took_us=1_000)
    times.add(
        replace(live, hops=(Hop("a", "f", "1", {}, 1_030_000, 1_000, 0),)), started_at=1_032_500, took_us=40_000_000
    )
    function, hop, age = (
        {sample.labels.get("le", sample.name): sample.value for sample in histogram("h", "", "s", {"a": each}).samples}
        for each in (times.function, times.hop, times.age)
    )
    assert (function["0.001"], function["30.0"], function["+Inf"], function["h_sum"]) == (1, 1, 2, 40.001)
    assert (hop["0.001"], hop["0.002"], hop["0.02"], hop["0.05"], hop["h_sum"]) == (0, 1, 1, 2, 0.0315)
    assert (age["0.05"], age["h_count"]) == (1, 2)


def test_a_producer_tells_of_its_frames_where_it_is_given_a_port(embedded: str, tmp_path: Path) -> None:
    picture = tmp_path / "pictures" / "a.jpg"
    picture.parent.mkdir()
    picture.write_bytes(frames.frame().jpeg)
    port = free_port()
    command = [*IMAGEBUS, "produce", str(picture.parent), "--loop", "--realtime", "--metrics-port", str(port), "-n"]
    with Process([*command, "door"], {"KAFKA_URL": embedded}):
        sent = ("imagebus_producer_frames_total", "sent", "door")
        wait_until(lambda: told(port).get(sent, 0) > 2, 20, "a producer that sends")
        assert told(port)["imagebus_producer_connections_total", "door"] == 0
        with Process([*command, "yard"], {"KAFKA_URL": embedded}) as second:
            assert second.wait() == 2
            assert f"--metrics-port: expected a free port, got {port}" in second.text


def told(port: int) -> dict[tuple[str, ...], float]:
    try:
        return parsed(get(f"http://127.0.0.1:{port}/metrics")[1])
    except OSError:
        return {}
