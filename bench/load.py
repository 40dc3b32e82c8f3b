"""A stage under full load: frames a second, and CPU a frame of its whole process, consumer and producer included."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import psutil
from confluent_kafka import Consumer, TopicPartition

from functions import Frame
from functions.core import registry
from functions.core.frame import Picture
from functions.core.registry import FunctionSpec
from streams.chain import types as chains
from streams.kafka import topics
from streams.settings import load
from tests.bus import produce_all
from tests.streams.chains import FUNCTIONS, environment, worker
from tests.wait import wait_until

SOURCE = "street"
_TIMEOUT_S = 180
_LOOK_S = 0.1
_PERIOD_US = 40_000  # of a camera
_CHAIN = """
[stages.measured]
function = "{function}"
input = "{source}"
output = "{output}"
options = {{ {options} }}

[topics.{source}]
"""


@dataclass(frozen=True)
class Load:
    """What one stage did at full load."""

    fps: float
    cpu_ms: float


@contextmanager
def one_stage_chain(
    url: str, function: str, run: str, partitions: int = 1, options: str = "", **more: object
) -> Iterator[tuple[dict[str, str], str, str]]:
    """Environment, input and output topic of a chain with this one function, its topics made; `run` names them."""
    source, output = f"{run}_IN", f"{run}_OUT"
    text = _CHAIN.format(function=function, options=options, source=source, output=output)
    with tempfile.TemporaryDirectory() as folder:
        env = environment(url, Path(folder), text, **{"max_age_s": 1e9, **more})
        settings = msgspec.structs.replace(load(env), partitions=partitions, retention_bytes=4 * 1024**3)
        chain = chains.load(env["IMAGEBUS_CHAIN"])
        topics.make(topics.admin(settings), [topics.plan(settings, chain, name) for name in (source, output)])
        yield env, source, output


def saturated(url: str, function: str, values: Sequence[bytes], run: str, **more: object) -> Load:
    """Give a stage all records at once, and measure from its first results to its last."""
    with one_stage_chain(url, function, run, **more) as (env, source, output):
        produce_all(url, source, [(SOURCE, value) for value in values], timeout_s=_TIMEOUT_S)
        with worker(env) as process:
            count = wait_for(url, output, len(values) // 10)
            began, cpu_s = time.perf_counter(), cpu_of(process.pid)
            count = wait_for(url, output, len(values)) - count
            return Load(count / (time.perf_counter() - began), 1000 * (cpu_of(process.pid) - cpu_s) / count)


def floor_ms(spec: FunctionSpec, pictures: Sequence[bytes], detected: Frame, **options: object) -> float:
    """CPU a frame of the bare loop: decode, call, and encode what the function drew on."""
    memory, said = memory_of(spec), spec.validate(options)
    began = time.process_time()
    for at, picture in enumerate(pictures):
        frame = replace(detected, picture=Picture(jpeg=picture), captured_at=at * _PERIOD_US)
        _ = frame.image
        _ = spec.call(frame, *memory, **said).jpeg
    return 1000 * (time.process_time() - began) / len(pictures)


def function_of(name: str) -> FunctionSpec:
    """A function by name, the tests' stubs among them."""
    return registry.load([FUNCTIONS])[name]


def memory_of(spec: FunctionSpec) -> tuple[Any, ...]:
    """A fresh memory to call a function with that has one, and no frame ahead."""
    if spec.state is None:
        return ()
    return (spec.state(), ()) if spec.look_ahead_s else (spec.state(),)


def cpu_of(pid: int) -> float:
    """User and system seconds of a process so far."""
    times = psutil.Process(pid).cpu_times()
    return float(times.user + times.system)


def wait_for(url: str, topic: str, count: int) -> int:
    """How many records the topic has, once it has so many."""
    return wait_until(lambda: (n := _ends(url, topic)) >= count and n, _TIMEOUT_S, f"{count} records on {topic}")


def _ends(url: str, topic: str) -> int:
    """How many records the topic's one partition has had; asked seldom, since asking takes of the same cores."""
    time.sleep(_LOOK_S)
    _, high = _client(url).get_watermark_offsets(TopicPartition(topic, 0), timeout=10)
    return int(high)


@cache
def _client(url: str) -> Consumer:
    return Consumer({"bootstrap.servers": url, "group.id": "bench-ends", "log_level": 0})
