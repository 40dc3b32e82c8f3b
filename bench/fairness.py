"""`make bench-fairness VIDEO=file`: what a camera at ten times its share does to the delays of three others.

Of four sources each may fill a tenth of what a stage can do; then one of them alone would fill all of it.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bench.latency import Arrivals, Spread
from bench.load import one_stage_chain
from bench.material import clip_from, pictures
from bench.sources import Sources
from streams.wire import records
from tests import kafka_node
from tests.kafka_node import KafkaNode
from tests.streams.chains import FUNCTIONS, wait_ready, worker

FLOODING, *OTHERS = SOURCES = ("gate", "lift", "door", "hall")  # of four partitions, each has one
THREADS, COST_MS = 2, 40
RATE = THREADS * 1000 / COST_MS / 10
FLOOD = 10
_WARM_S, _MEASURED_S, _LATE_S = 4.0, 40.0, 3.0
_SIZE_WH = (768, 576)


@dataclass(frozen=True)
class Seen:
    """Delays of the three others, how many of their frames did not come, and how many a second came of the fourth."""

    delay: Spread
    missing: int
    fourth_fps: float


@dataclass(frozen=True)
class Row:
    """Without and with a flood."""

    calm: Seen
    flooded: Seen

    @property
    def ratio(self) -> float:
        """How many times as long the slowest hundredth takes."""
        return self.flooded.delay.p99 / self.calm.delay.p99


def main() -> None:
    """Print a row for each function and number of partitions, then one line of JSON."""
    shots = pictures(clip_from(sys.argv[1:]), _SIZE_WH, 200)
    kafka_node.require()
    print(f"Delay of three sources, ms, p50 / p99; load average {os.getloadavg()[0]:.1f}")
    print(
        f"{'function, partitions':<22}{'four at their share':>22}{'one at ten times':>20}{'ratio':>7}   came, missing"
    )
    ratios = {}
    with KafkaNode() as node:
        for function in ("wait", "burn"):
            for partitions in (len(SOURCES), 1):
                row = _row(node.url, shots, function, partitions)
                name = f"{function}, {partitions}"
                ratios[name] = round(row.ratio, 2)
                _print(name, row)
    print(json.dumps({"p99_ratio": ratios, "worst": max(ratios.values())}))


def _print(name: str, row: Row) -> None:
    both = (row.calm, row.flooded)
    delays = [f"{seen.delay.p50:.0f} / {seen.delay.p99:.0f}" for seen in both]
    fourth = " -> ".join(f"{seen.fourth_fps:.1f}/s" for seen in both)
    missing = " -> ".join(str(seen.missing) for seen in both)
    print(f"{name:<22}{delays[0]:>22}{delays[1]:>20}{row.ratio:>7.2f}   {fourth}, {missing}", flush=True)


def _row(url: str, shots: Sequence[bytes], function: str, partitions: int) -> Row:
    run = f"{function}{partitions}".upper()
    settings = {"threads": THREADS, "functions": f"{FUNCTIONS},bench.functions", "max_age_s": 2}
    options = f"milliseconds = {COST_MS}"
    with (
        one_stage_chain(url, function, run, partitions, options, **settings) as (env, source, output),
        worker(env) as process,
    ):
        wait_ready(process, "measured")
        share = dict.fromkeys(SOURCES, RATE)
        calm = _watched(url, shots, source, output, share)
        flooded = _watched(url, shots, source, output, share | {FLOODING: FLOOD * RATE})
    return Row(calm, flooded)


def _watched(url: str, shots: Sequence[bytes], topic: str, output: str, rates: Mapping[str, float]) -> Seen:
    """What comes of sources at these rates."""
    arrivals = Arrivals(url, output)
    with Sources(url, topic, shots, rates) as sources:
        time.sleep(_WARM_S + _MEASURED_S)
    time.sleep(_LATE_S)
    arrivals.stop()
    begin = arrivals.came[0][0] + _WARM_S * 1e6
    came = [(at, records.decode(value)) for at, value in arrivals.came]
    others = Counter(record.source for _, record in came if record.source != FLOODING)
    delays = [at - record.captured_at for at, record in came if record.source in others and record.captured_at > begin]
    flood = sum(record.source == FLOODING for _, record in came)
    missing = sum(sources.written[source] - others[source] for source in OTHERS)
    return Seen(Spread.of(delays), missing, flood / (_WARM_S + _MEASURED_S))


if __name__ == "__main__":
    main()
