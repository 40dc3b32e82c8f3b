"""Pictures made to exhaust whoever opens them are bounded in memory and time, whichever way they come."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.fuzz.bombs import BOMBS, WAYS
from tests.processes import PROJECT

TIME_S, PEAK_MIB = 2.0, 300
# Whole pictures as large as they may be are decoded; the others are not even tried.
TAKEN = {"100 scans of the largest", "3 MB, progressive"}


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_takes_little_memory_and_time(name: str) -> None:
    child = [sys.executable, "-m", "tests.fuzz.bombs"]
    done = subprocess.run(child, input=BOMBS[name](), cwd=PROJECT, capture_output=True, timeout=60, check=True)
    lines = [line.split(maxsplit=3) for line in done.stdout.decode().splitlines()]
    assert [way for way, *_ in lines] == list(WAYS)
    for way, cpu_s, peak_mib, outcome in lines:
        assert float(cpu_s) <= TIME_S, way
        assert int(peak_mib) <= PEAK_MIB, way
        assert (outcome == "taken") == (name in TAKEN or way == "camera"), outcome
