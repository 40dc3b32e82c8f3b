"""One source: what a second core gives to a stage without a memory and to `redact`, which has one; order is kept."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from statistics import median

from bench.load import saturated
from bench.material import BELIEVING, clip_from, detected, pictures, record
from tests import kafka_node
from tests.bus import consume
from tests.kafka_node import KafkaNode
from tests.streams import frames

_SIZE_WH = (1280, 720)
_FRAMES = {"burn": 300, "redact": 600}
_OPTIONS = {"redact": BELIEVING}
_ROUNDS = 5


def main() -> None:
    """Print frames a second with one thread and with two, and their ratio; medians of the rounds."""
    clip = clip_from(sys.argv[1:])
    kafka_node.require()
    figures = {}
    with KafkaNode() as node:
        for function, count in _FRAMES.items():
            shots = enumerate(pictures(clip, _SIZE_WH, count))
            values = [detected(record(shot, seq, "street")) for seq, shot in shots]
            rounds = [_round(node.url, function, values, turn) for turn in range(_ROUNDS)]
            one, two = (median(side) for side in zip(*rounds, strict=True))
            ratio = median(second / first for first, second in rounds)
            print(f"{function:<8}{one:>8.1f} frames/s with one thread, {two:.1f} with two, ratio {ratio:.2f}, in order")
            figures[function] = {"one_fps": round(one, 1), "two_fps": round(two, 1), "ratio": round(ratio, 2)}
    print(json.dumps(figures))


def _round(url: str, function: str, values: Sequence[bytes], turn: int) -> tuple[float, float]:
    fps = {}
    for threads in (1, 2):
        name = f"{function}{turn}_{threads}".upper()
        fps[threads] = saturated(url, function, values, name, threads=threads, options=_OPTIONS.get(function, "")).fps
        seqs = [each.seq for each in frames.read(consume(url, f"{name}_OUT", len(values)))]
        assert seqs == list(range(len(values))), f"Expected the frames in order, got {seqs}"
    return fps[1], fps[2]


if __name__ == "__main__":
    main()
