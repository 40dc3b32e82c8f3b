"""`python -m tests.fuzz SECONDS [TARGET …]`: fuzz each target for so long; what breaks one is kept in .cache/fuzz."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil

from tests import fuzz

OUT = Path(__file__).parents[2] / ".cache" / "fuzz"
# One input that takes longer hangs; a process that holds more, or goes on growing, leaks.
_INPUT_S, _PEAK_MIB, _GROWTH_MIB = 10, 1024, 64
_WARM_UP = 0.5  # of the time: the corpus and what Python keeps for itself come to rest
_SAMPLE_S = 1.0
_LAST_COVERAGE = re.compile(r"cov: (\d+) ft: (\d+)")
_EXECUTED = re.compile(r"stat::number_of_executed_units:\s+(\d+)")


def main(seconds: int, names: list[str]) -> int:
    """Fuzz these targets; how many broke."""
    print(f"{'target':<12}{'executions':>12}{'edges':>8}{'peak MiB':>10}{'growth MiB':>12}  outcome")
    broken = 0
    for name in names:
        line, good = fuzzed(name, seconds)
        print(line, flush=True)
        broken += not good
    return broken


def fuzzed(name: str, seconds: int) -> tuple[str, bool]:
    """Fuzz one target for so long; its line of the table, and whether nothing broke it."""
    corpus = _corpus(name)
    log = OUT / f"{name}.log"
    with log.open("w") as out:
        process = psutil.Popen(
            [
                *(sys.executable, "-m", "tests.fuzz.engine", name, str(corpus)),
                f"-max_total_time={seconds}",
                f"-timeout={_INPUT_S}",
                f"-rss_limit_mb={_PEAK_MIB}",
                f"-max_len={fuzz.target(name).MAX_BYTES}",
                f"-artifact_prefix={OUT}/{name}-",
                "-print_final_stats=1",
            ],
            stdout=out,
            stderr=subprocess.STDOUT,
        )
        sizes = list(_sizes(process))
    said = log.read_text(errors="replace")
    late = [size for at_s, size in sizes if at_s > _WARM_UP * seconds]
    growth = late[-1] - late[0] if late else 0
    outcome = _outcome(process.returncode, growth, log)
    edges = _LAST_COVERAGE.findall(said)[-1:] or [("?", "")]
    runs = _EXECUTED.findall(said)[-1:] or ["?"]
    peak = max(size for _, size in sizes)
    return f"{name:<12}{runs[0]:>12}{edges[0][0]:>8}{peak:>10}{growth:>+12}  {outcome}", outcome == "ok"


def _corpus(name: str) -> Path:
    """The folder of inputs that reach something new: from the runs before, the seeds and the known cases."""
    folder = OUT / name
    folder.mkdir(parents=True, exist_ok=True)
    for number, data in enumerate([*fuzz.target(name).seeds(), *fuzz.cases(name)]):
        (folder / f"known-{number}").write_bytes(data)
    return folder


def _sizes(process: psutil.Popen) -> Iterator[tuple[float, int]]:
    """Seconds since the start and MiB of memory held, until it ends."""
    began = time.monotonic()
    while process.poll() is None:
        try:
            size = process.memory_info().rss >> 20
        except psutil.NoSuchProcess:
            return
        if size:  # one that has just ended holds nothing
            yield time.monotonic() - began, size
        time.sleep(_SAMPLE_S)


def _outcome(code: int, growth: int, log: Path) -> str:
    if code:
        return f"broken (exit {code}): see {log.relative_to(Path.cwd())}"
    return "ok" if growth <= _GROWTH_MIB else f"grows: see {log}"


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), sys.argv[2:] or list(fuzz.TARGETS)))
