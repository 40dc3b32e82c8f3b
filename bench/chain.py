"""`make bench VIDEO=file`: the chain with a detector stub on real Kafka, against its functions in a bare loop."""

from __future__ import annotations

import json
import sys
import tempfile
import tomllib
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from bench.latency import measure
from bench.load import Load, floor_ms, function_of, saturated
from bench.material import BELIEVING, clip_from, detected, pictures, record
from streams.wire import records
from tests import kafka_node
from tests.bus import consume, produce_all
from tests.kafka_node import KafkaNode
from tests.streams.chains import STUB_CHAIN, environment, wait_ready, worker

STAGES = {"detect": "detect_stub", "annotate": "annotate", "redact": "redact"}
_OPTIONS = {"redact": BELIEVING}
TOPICS = ("SOURCE_FRAME", "IMAGEAI_FRAME", "ANNOTATED_FRAME", "REDACTION_FRAME")
SIZES = {"768x576": (768, 576), "1280x720": (1280, 720)}
_ROUNDS = 3
_FRAMES = 600
_LATENCY_S = 20
# How long the redactor looks ahead is its own time, and a setting: delays of the bus are measured without.
_OUTPUT = 'output = "REDACTION_FRAME"'
_AT_ONCE = STUB_CHAIN.replace(_OUTPUT, f"{_OUTPUT}\noptions = {{ look_ahead_s = 0.0 }}")


def main() -> None:
    """Print the tables, then one line of JSON."""
    clip = clip_from(sys.argv[1:])
    kafka_node.require()
    figures: dict[str, object] = {}
    for name, size_wh in SIZES.items():
        shots = pictures(clip, size_wh, _FRAMES)
        with KafkaNode() as node:
            figures[name] = {"stages": _stages(node.url, shots, name)} | _whole_chain(node.url, shots, name)
    print(json.dumps(_flat(figures)))


def _stages(url: str, shots: Sequence[bytes], size: str) -> dict[str, dict[str, float]]:
    """Each stage alone, saturated: the best of three rounds, each next to its floor."""
    print(f"\n{size}, saturated, best of {_ROUNDS}  frames/s   CPU ms   floor ms   ratio")
    sources = [record(shot, seq, "street") for seq, shot in enumerate(shots)]
    found = [detected(value) for value in sources]
    first = records.to_frame(records.decode(found[0]))
    table = {}
    for stage, function in STAGES.items():
        rounds = []
        for turn in range(_ROUNDS):
            values, run = sources if stage == "detect" else found, f"{stage}{turn}_{size}".upper()
            load = saturated(url, function, values, run, options=_OPTIONS.get(stage, ""))
            floor = floor_ms(function_of(function), shots[:200], first, **tomllib.loads(_OPTIONS.get(stage, "")))
            rounds.append((load.cpu_ms / floor, load, floor))
        table[stage] = _row(stage, *min(rounds, key=lambda each: each[0]))
    return table


def _row(stage: str, ratio: float, load: Load, floor: float) -> dict[str, float]:
    print(f"  {stage:<24}{load.fps:>12.0f}{load.cpu_ms:>9.2f}{floor:>11.2f}{ratio:>8.2f}")
    return {"fps": round(load.fps, 1), "cpu_ms": round(load.cpu_ms, 2), "ratio": round(ratio, 2)}


def _whole_chain(url: str, shots: Sequence[bytes], size: str) -> dict[str, object]:
    """The chain in one worker, looking not ahead: bytes a record on each topic, and delays at 10 and 25 frames/s."""
    with tempfile.TemporaryDirectory() as folder, worker(environment(url, Path(folder), _AT_ONCE)) as process:
        wait_ready(process)
        produce_all(url, "SOURCE_FRAME", [("bytes", record(shot, seq, "bytes")) for seq, shot in enumerate(shots[:50])])
        sizes = {topic: _mean_bytes(url, topic) for topic in TOPICS}
        print(f"{size}, bytes a record: " + "  ".join(f"{topic} {count}" for topic, count in sizes.items()))
        latency = {str(rate): _latency(url, shots, rate, size) for rate in (10, 25)}
    return {"bytes": sizes, "latency_ms": latency}


def _mean_bytes(url: str, topic: str) -> int:
    values = [message.value() for message in consume(url, topic, 50)]
    return round(sum(map(len, values)) / len(values))


def _latency(url: str, shots: Sequence[bytes], rate: int, size: str) -> dict[str, object]:
    spreads = measure(url, [shots[at % len(shots)] for at in range(rate * _LATENCY_S)], rate)
    print(f"{size}, {rate} frames/s, ms: p50 / p99")
    for name, spread in spreads.items():
        print(f"  {name:<24}{spread.p50:>8.1f} /{spread.p99:>8.1f}")
    over = spreads["over functions"]
    return asdict(spreads["end to end"]) | {"over_functions": asdict(over)}


def _flat(figures: dict[str, object]) -> object:
    """The figures of the clip's usual size first, those of the other size beside them."""
    return figures["768x576"] | {"1280x720": figures["1280x720"]}  # type: ignore[operator]


if __name__ == "__main__":
    main()
