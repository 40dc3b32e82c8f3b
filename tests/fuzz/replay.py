"""`python -m tests.fuzz.replay TARGET`: what is known of a target, and the same few changes of it every time.

What `make fuzz` does without end, in a second or two and without its engine. Prints the executions and the peak of
memory in MiB.
"""

from __future__ import annotations

import random
import re
import sys
from pathlib import Path

from tests.fuzz import cases, target

MUTATIONS = {"offer": 150, "camera": 150}  # these open sockets
_MUTATIONS = 1500


def replay(name: str) -> int:
    """Run a target over its cases, its seeds, and changes of both; how many executions these were."""
    fuzzed = target(name)
    known = [*cases(name), *fuzzed.seeds()]
    for data in known:
        fuzzed.one(data)
    dice = random.Random(1)
    changes = MUTATIONS.get(name, _MUTATIONS)
    for _ in range(changes):
        fuzzed.one(changed(dice.choice(known), known, dice)[: fuzzed.MAX_BYTES])
    return len(known) + changes


def peak_mib() -> int:
    """The most memory that this process has held; a child's `ru_maxrss` would count its parent's."""
    held = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert held
    return int(held[1]) // 1024


def changed(data: bytes, known: list[bytes], dice: random.Random) -> bytes:
    """The data with a few changes: bytes altered, cut out, doubled, or taken from another."""
    for _ in range(dice.randint(1, 4)):
        start = dice.randrange(len(data) + 1)
        end = min(len(data), start + dice.choice([1, 1, 2, 4, 16, 64]))
        other = dice.choice(known)
        there = dice.randrange(len(other) + 1)
        put = dice.choice([dice.randbytes(end - start), b"", data[start:end] * 2, other[there : there + end - start]])
        data = data[:start] + put + data[end:]
    return data


if __name__ == "__main__":
    print(replay(sys.argv[1]), peak_mib())
