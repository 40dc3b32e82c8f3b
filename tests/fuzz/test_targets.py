"""What `make fuzz` does without end, for a second: what is known of each target, and a few changes of it."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests import fuzz
from tests.processes import PROJECT

# None comes near; what goes beyond is a hang or a leak.
TIME_S, PEAK_MIB = 120, 400


@pytest.mark.parametrize("name", fuzz.TARGETS)
def test_whatever_comes_is_taken_or_refused(name: str) -> None:
    child = [sys.executable, "-m", "tests.fuzz.replay", name]
    done = subprocess.run(child, cwd=PROJECT, capture_output=True, text=True, timeout=TIME_S, check=False)
    assert done.returncode == 0, done.stderr[-4000:]
    executions, peak_mib = map(int, done.stdout.split())
    assert executions > 100
    assert peak_mib < PEAK_MIB
