"""A whole chain at full speed: a clip in at its producer, and what comes out at its redacted end."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path

import av

from bench.load import SOURCE, Load, cpu_of, wait_for
from streams.chain.types import Chain
from streams.kafka import topics
from streams.settings import Settings
from tests.processes import IMAGEBUS, Process
from tests.streams.chains import environment, wait_ready, worker

Topics = tuple[str, str, str]
Run = Callable[[str, Path, Topics], AbstractContextManager[list[Process]]]

# At its end the redactor waits for frames that do not come.
_MEASURED = 0.9
_CHAIN = """
[topics.{0}]

[stages.detect]
function = "{detector}"
input = "{0}"
output = "{1}"

[stages.redact]
function = "redact"
input = "{1}"
output = "{2}"
options = {{ {options} }}

[topics.{2}]
redacted = true
"""


def load_of(run: Run, url: str, clip: Path, name: str) -> Load:
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
def imagebus(url: str, clip: Path, names: Topics, detector: str, options: str = "") -> Iterator[list[Process]]:
    """A worker of both stages, and a producer; `options` are those of the redactor, as TOML."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        env = environment(url, Path(folder), _CHAIN.format(*names, detector=detector, options=options))
        stages = stack.enter_context(worker(env))
        wait_ready(stages, "detect", "redact")
        command = [*IMAGEBUS, "produce", clip, "-f", "1", "-n", SOURCE, "-t", names[0]]
        yield [stages, stack.enter_context(Process(command, env))]


def _cpu_of(processes: list[Process]) -> float:
    return sum(cpu_of(process.pid) for process in processes)
