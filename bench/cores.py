"""One source, one stateless stage of 50 ms of CPU work: what a second core gives, and whether order is kept."""

from __future__ import annotations

import json

from bench.load import saturated
from bench.material import record
from tests import kafka_node
from tests.bus import consume
from tests.kafka_node import KafkaNode
from tests.streams import frames

_FRAMES = 300
_ROUNDS = 3


def main() -> None:
    """Print frames a second with one thread and with two, and their ratio; best of three."""
    kafka_node.require()
    values = [record(frames.frame(seq).jpeg, seq, "street") for seq in range(_FRAMES)]
    with KafkaNode() as node:
        rounds = [_round(node.url, values, turn) for turn in range(_ROUNDS)]
    one, two = max(rounds, key=lambda fps: fps[1] / fps[0])
    print(
        f"50 ms of CPU a frame: {one:.1f} frames/s with one thread, {two:.1f} with two, ratio {two / one:.2f}, in order"
    )
    print(json.dumps({"one_fps": round(one, 1), "two_fps": round(two, 1), "ratio": round(two / one, 2)}))


def _round(url: str, values: list[bytes], turn: int) -> tuple[float, float]:
    one = saturated(url, "burn", values, f"ONE{turn}", threads=1).fps
    two = saturated(url, "burn", values, f"TWO{turn}", threads=2).fps
    seqs = [record.seq for record in frames.read(consume(url, f"TWO{turn}_OUT", _FRAMES))]
    assert seqs == list(range(_FRAMES)), f"Expected the frames in order, got {seqs}"
    return one, two


if __name__ == "__main__":
    main()
