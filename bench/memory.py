"""Memory of a worker that redacts 720p frames: after 1,000 frames, and after 10,000."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator

import psutil

from bench.load import one_stage_chain, wait_for
from bench.material import BELIEVING, clip_from, detected, pictures, record
from tests import kafka_node
from tests.bus import produce_all
from tests.kafka_node import KafkaNode
from tests.streams.chains import worker

_MARKS = (1_000, 10_000)
_AT_ONCE = 500


def main() -> None:
    """Print the worker's resident memory at both marks, in MB."""
    shots = pictures(clip_from(sys.argv[1:]), (1280, 720), 100)
    kafka_node.require()
    with (
        KafkaNode() as node,
        one_stage_chain(node.url, "redact", "MEMORY", options=BELIEVING) as (env, *topics),
        worker(env) as process,
    ):
        begin, end = (_resident_mb(process.pid) for _ in _frames(node.url, *topics, shots))
    print(f"Resident after {_MARKS[0]} frames {begin:.0f} MB, after {_MARKS[1]} {end:.0f} MB: {end - begin:+.0f} MB")
    print(json.dumps({"mb_after_1000": round(begin), "mb_after_10000": round(end)}))


def _frames(url: str, source: str, output: str, shots: list[bytes]) -> Iterator[int]:
    """Pass frames through the stage, and stop at each mark."""
    for begin in range(0, _MARKS[-1], _AT_ONCE):
        values = [detected(record(shots[seq % len(shots)], seq, "street")) for seq in range(begin, begin + _AT_ONCE)]
        produce_all(url, source, [("street", value) for value in values])
        if wait_for(url, output, begin + _AT_ONCE) in _MARKS:
            yield begin + _AT_ONCE


def _resident_mb(pid: int) -> float:
    return float(psutil.Process(pid).memory_info().rss) / 1e6


if __name__ == "__main__":
    main()
