"""`make bench`: producer, detector stub and redactor at full speed, against a minimal chain without their promises.

Both by turns; the ratio is the median of the rounds' own, since what else the machine does slows both of one round.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from statistics import median

from bench import minimal
from bench.load import Load
from bench.material import clip_from
from bench.through import Topics, imagebus, load_of
from tests import kafka_node
from tests.kafka_node import KafkaNode
from tests.processes import Process

_ROUNDS = 5


def main() -> None:
    """Print frames a second and CPU a frame of both in each round, and their ratio."""
    clip = clip_from(sys.argv[1:])
    kafka_node.require()
    print("\nwhole chain           frames/s   CPU ms a frame   minimal frames/s   CPU ms a frame   ratio")
    with KafkaNode() as node:
        rounds = [_round(node.url, clip, turn) for turn in range(_ROUNDS)]
    fps, minimal_fps = (median(each.fps for each in side) for side in zip(*rounds, strict=True))
    ratio = median(ours.fps / plain.fps for ours, plain in rounds)
    print(f"  median {fps:>21.1f}{minimal_fps:>36.1f}{ratio:>24.2f}")
    print(json.dumps({"fps": round(fps, 1), "minimal_fps": round(minimal_fps, 1), "ratio": round(ratio, 2)}))


def _round(url: str, clip: Path, turn: int) -> tuple[Load, Load]:
    """Each goes first in every other round: what the one leaves behind may slow the other."""
    sides = {"OURS": partial(imagebus, detector="detect_stub"), "PLAIN": _minimal}
    order = sorted(sides, reverse=bool(turn % 2))
    loads = {name: load_of(sides[name], url, clip, f"{name}{turn}") for name in order}
    ours, plain = loads["OURS"], loads["PLAIN"]
    print(
        f"  round {turn + 1} {ours.fps:>20.1f}{ours.cpu_ms:>17.2f}{plain.fps:>19.1f}{plain.cpu_ms:>17.2f}"
        f"{ours.fps / plain.fps:>8.2f}",
        flush=True,
    )
    return ours, plain


@contextmanager
def _minimal(url: str, clip: Path, names: Topics) -> Iterator[list[Process]]:
    """Three plain loops."""
    source, found, output = names
    steps = [("redact", found, output), ("detect", source, found), ("produce", str(clip), source)]
    with ExitStack() as stack:
        yield [stack.enter_context(minimal.start(what, url, *between)) for what, *between in steps]


if __name__ == "__main__":
    main()
