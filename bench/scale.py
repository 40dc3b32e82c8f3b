"""`make bench-scale VIDEO=file`: many sources and one to four workers of one stage on three brokers.

Sources are one process that sends recorded frames, and the stage's function waits instead of computing, as for a model
on an accelerator: on the few cores of one machine four workers could not compute four times as much.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass

from confluent_kafka import TopicPartition

from bench.chaos.cluster import Cluster, cluster
from bench.latency import Arrivals, Spread
from bench.load import cpu_of, one_stage_chain
from bench.material import clip_from, pictures
from bench.sources import Sources
from streams.chain.types import group_of
from streams.kafka.lone_consumer import lone_consumer
from streams.kafka.partitioner import partition_of
from streams.kafka.watermarks import watermarks
from streams.settings import load
from streams.wire import records
from tests import kafka_node
from tests.processes import Process
from tests.streams.chains import FUNCTIONS, wait_ready, worker

MOST_WORKERS, SOURCES, RATE = 4, 40, 5.0
THREADS, COST_MS, PARTITIONS = 2, 40, 16
_WARM_S, _MEASURED_S = 5.0, 20.0
_SIZE_WH = (320, 240)


@dataclass(frozen=True)
class Row:
    """What so many workers did with so many sources.

    `least` is the fewest results of a source against the most of another, `busiest` the records of the fullest
    partition against the mean.
    """

    workers: int
    sources: int
    offered_fps: float
    fps: float
    least: float
    delay: Spread
    lag: int
    busiest: float
    worker_cpu_ms: float
    broker_cpu_ms: float


@dataclass(frozen=True)
class _Look:
    """What was used and written until one moment."""

    at: float
    written: int
    workers_s: float
    brokers_s: float


def main() -> None:
    """Print a row for each number of workers, how keys spread, then one line of JSON."""
    shots = pictures(clip_from(sys.argv[1:2]), _SIZE_WH, 200)
    count = int(sys.argv[2]) if len(sys.argv) > 2 else SOURCES
    kafka_node.require()
    size = round(sum(map(len, shots)) / len(shots))
    print(f"{size} bytes a picture, {RATE:g}/s a source, {THREADS} threads of {COST_MS} ms a worker; load {_load()}")
    print("workers  sources  offered/s    done/s   least   p50 / p99 ms     lag  busiest  CPU ms: workers, brokers")
    steps = [(workers, count) for workers in range(1, MOST_WORKERS + 1)] + [(MOST_WORKERS, count // 2)]
    with cluster(small_disks=False) as kafka:
        rows = [_row(kafka, shots, workers, sources) for workers, sources in steps]
    skew = {str(sources): _skew(sources) for sources in (10, count, 100, 1000)}
    for sources, (most, ratio) in skew.items():
        print(f"{sources} keys on {PARTITIONS} partitions: {most} on the busiest, {ratio} times the mean")
    print(json.dumps({"load": _load(), "skew": skew, "rows": [asdict(row) for row in rows]}))


def _row(kafka: Cluster, shots: Sequence[bytes], workers: int, sources: int) -> Row:
    run = f"SCALE{workers}_{sources}"
    settings = {"threads": THREADS, "functions": f"{FUNCTIONS},bench.functions", "max_age_s": 2, "replication": 3}
    chain = one_stage_chain(kafka.url, "wait", run, PARTITIONS, f"milliseconds = {COST_MS}", **settings)
    rates = dict.fromkeys(_names(sources), RATE)
    with chain as (env, source, output), ExitStack() as stack:
        processes = [stack.enter_context(worker(env)) for _ in range(workers)]
        for process in processes:
            wait_ready(process, "measured")
        arrivals = Arrivals(kafka.url, output)
        with Sources(kafka.url, source, shots, rates) as writing:
            time.sleep(_WARM_S)
            before = _look(kafka, processes, writing)
            time.sleep(_MEASURED_S)
            after = _look(kafka, processes, writing)
            lag, busiest = _waiting(env, source, output)
        arrivals.stop()
    row = _of(arrivals, rates, workers, before, after, lag, busiest)
    _print(row)
    return row


def _print(row: Row) -> None:
    delay = f"{row.delay.p50:.0f} / {row.delay.p99:.0f}"
    done = f"{row.workers:>7}{row.sources:>9}{row.offered_fps:>11.1f}{row.fps:>10.1f}{row.least:>8.2f}{delay:>15}"
    cpu = f"{row.worker_cpu_ms:>9.2f},{row.broker_cpu_ms:>6.2f}"
    print(f"{done}{row.lag:>8}{row.busiest:>9.2f}{cpu}", flush=True)


def _of(
    arrivals: Arrivals,
    rates: Mapping[str, float],
    workers: int,
    before: _Look,
    after: _Look,
    lag: int,
    busiest: float,
) -> Row:
    came = [(at, records.decode(value)) for at, value in arrivals.came if before.at <= at / 1e6 < after.at]
    counts = Counter(record.source for _, record in came)
    shares = [counts[source] for source in rates]
    return Row(
        workers=workers,
        sources=len(rates),
        offered_fps=round((after.written - before.written) / _MEASURED_S, 1),
        fps=round(len(came) / (after.at - before.at), 1),
        least=round(min(shares) / max(shares), 2),
        delay=Spread.of([at - record.captured_at for at, record in came]),
        lag=lag,
        busiest=busiest,
        worker_cpu_ms=round(1000 * (after.workers_s - before.workers_s) / len(came), 2),
        broker_cpu_ms=round(1000 * (after.brokers_s - before.brokers_s) / (after.written - before.written), 2),
    )


def _look(kafka: Cluster, processes: Sequence[Process], writing: Sources) -> _Look:
    brokers_s = sum(cpu_of(broker.node.pid) for broker in kafka.brokers)
    return _Look(time.time(), writing.written.total(), sum(cpu_of(each.pid) for each in processes), brokers_s)


def _waiting(env: Mapping[str, str], source: str, output: str) -> tuple[int, float]:
    """Records beyond what the stage's group has committed, and the fullest partition against the mean."""
    client = lone_consumer(load(env), group=group_of((source,), "measured", output))
    places = [TopicPartition(source, partition) for partition in range(PARTITIONS)]
    ends = {place: end for place, (_, end) in watermarks(client, [(source, each.partition) for each in places]).items()}
    committed = {(each.topic, each.partition): max(0, each.offset) for each in client.committed(places, timeout=10)}
    client.close()
    lag = sum(end - committed[place] for place, end in ends.items())
    return lag, round(max(ends.values()) * PARTITIONS / sum(ends.values()), 2)


def _names(sources: int) -> list[str]:
    return [f"camera-{at:03d}" for at in range(sources)]


def _skew(sources: int) -> tuple[int, float]:
    """Keys on the busiest partition, and how many times the mean that is."""
    most = Counter(partition_of(name, PARTITIONS) for name in _names(sources)).most_common(1)[0][1]
    return most, round(most * PARTITIONS / sources, 2)


def _load() -> float:
    return round(os.getloadavg()[0], 1)


if __name__ == "__main__":
    main()
