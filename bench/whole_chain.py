"""`make bench`: producer, detector stub and redactor at full speed, against a minimal chain without their promises."""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path

import av

from bench import minimal
from bench.load import Load, cpu_of, wait_for
from bench.material import clip_from
from streams import topics
from streams.chain import Chain
from streams.settings import Settings
from tests import kafka_node
from tests.kafka_node import KafkaNode
from tests.processes import IMAGEBUS, Process
from tests.streams.chains import environment, wait_ready, worker

Topics = tuple[str, str, str]
Run = Callable[[str, Path, Topics], AbstractContextManager[list[Process]]]

_ROUNDS = 3
# At its end the redactor waits for frames that do not come.
_MEASURED = 0.9
_CHAIN = """
[topics.{0}]

[stages.detect]
function = "detect_stub"
input = "{0}"
output = "{1}"

[stages.redact]
function = "redact"
input = "{1}"
output = "{2}"

[topics.{2}]
redacted = true
"""


def main() -> None:
    """Print frames a second and CPU a frame of both, and their ratio; best of three, by turns."""
    clip = clip_from(sys.argv[1:])
    kafka_node.require()
    with KafkaNode() as node:
        rounds = [_round(node.url, clip, turn) for turn in range(_ROUNDS)]
    ours, plain = max(rounds, key=lambda each: each[0].fps / each[1].fps)
    ratio = ours.fps / plain.fps
    print(f"\nwhole chain, best of {_ROUNDS}          frames/s   CPU ms a frame")
    print(f"  imagebus{ours.fps:>28.1f}{ours.cpu_ms:>17.2f}")
    print(f"  minimal confluent-kafka{plain.fps:>13.1f}{plain.cpu_ms:>17.2f}")
    print(f"  ratio {ratio:>30.2f}")
    print(json.dumps({"fps": round(ours.fps, 1), "minimal_fps": round(plain.fps, 1), "ratio": round(ratio, 2)}))


def _round(url: str, clip: Path, turn: int) -> tuple[Load, Load]:
    return _load(url, clip, _imagebus, f"OURS{turn}"), _load(url, clip, _minimal, f"PLAIN{turn}")


def _load(url: str, clip: Path, run: Run, name: str) -> Load:
    """From the first redacted frame until nearly all are there; the CPU of all its processes, the broker's not."""
    names = (f"{name}_SOURCE", f"{name}_FOUND", f"{name}_OUT")
    settings = Settings(kafka_url=url, partitions=1, retention_bytes=4 * 1024**3)
    topics.make(topics.admin(settings), [topics.plan(settings, Chain(stages={}), each) for each in names])
    with av.open(str(clip)) as container:
        wanted = int(_MEASURED * container.streams.video[0].frames)
    with run(url, clip, names) as processes:
        before = wait_for(url, names[-1], 1)
        began, cpu_s = time.perf_counter(), _cpu_of(processes)
        count = wait_for(url, names[-1], wanted) - before
        return Load(count / (time.perf_counter() - began), 1000 * (_cpu_of(processes) - cpu_s) / count)


@contextmanager
def _imagebus(url: str, clip: Path, names: Topics) -> Iterator[list[Process]]:
    """A worker of both stages, and a producer."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        env = environment(url, Path(folder), _CHAIN.format(*names))
        stages = stack.enter_context(worker(env))
        wait_ready(stages, "detect", "redact")
        command = [*IMAGEBUS, "produce", clip, "-f", "1", "-n", minimal.SOURCE, "-t", names[0]]
        yield [stages, stack.enter_context(Process(command, env))]


@contextmanager
def _minimal(url: str, clip: Path, names: Topics) -> Iterator[list[Process]]:
    """Three plain loops."""
    source, found, output = names
    steps = [("redact", found, output), ("detect", source, found), ("produce", str(clip), source)]
    with ExitStack() as stack:
        yield [stack.enter_context(minimal.start(what, url, *between)) for what, *between in steps]


def _cpu_of(processes: list[Process]) -> float:
    return sum(cpu_of(process.pid) for process in processes)


if __name__ == "__main__":
    main()
