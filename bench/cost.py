"""What a camera costs, and how many of them a host carries: `make bench-cost VIDEO=file [MODEL=onnx] [PLOT=svg]`.

CPU milliseconds of every part, each measured alone, best of three: functions from JPEG to JPEG, a stage and the broker
for what a frame costs them beside the function, and the producer's decoding (of every frame of the camera) and encoding
(of every frame that is taken). Then, for each detector, the cameras that its chain to `redact` carries at so many
frames a second on two cores of which a fifth stays free. The last line is JSON.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import av
import cv2

from bench import plot
from bench.load import cpu_of, floor_ms, function_of, memory_of, saturated
from bench.material import clip_from, detected, pictures, record
from functions import Frame
from functions.core import jpeg
from functions.core.errors import UsageError
from functions.core.frame import Picture
from functions.core.jpeg import QUALITY
from streams.stage.decoding import sharing
from streams.video.encoder import encode_frame
from streams.video.shown import Shown
from streams.wire import records
from tests import kafka_node
from tests.kafka_node import KafkaNode

SIZE_WH = (768, 576)
CAMERA_FPS, RATES = 25, (1, 5, 25)
_FRAMES, _ROUNDS = 200, 3
_USABLE_MS = 2 * 1000 * 0.8  # of two cores, a second
_FACES = {"labels": ("face",), "motion": False}
_DETECTORS = ("detect_motion", "detect_onnx", "detect_faces", "detect_people")
# It decodes a smaller picture than a redactor needs.
_DECODES_ITS_OWN = {"detect_motion"}


def main() -> None:
    """Print both tables, draw the plot, and end with a line of JSON."""
    clip = clip_from([os.environ.get("VIDEO", "")])
    kafka_node.require()
    cv2.setNumThreads(1)
    costs = _costs(clip, os.environ.get("MODEL") or "yolox-nano")
    print(f"{'CPU ms a frame of 768x576':28}" + "".join(f"\n  {name:24}{ms:8.2f}" for name, ms in costs.items()))
    cameras = {name: {rate: _cameras(costs, name, rate) for rate in RATES} for name in _DETECTORS if name in costs}
    print(f"{'cameras on two cores':28}" + "".join(f"{f'{rate}/s':>8}" for rate in RATES))
    for name, counts in cameras.items():
        print(f"  {name:26}" + "".join(f"{count:8.1f}" for count in counts.values()))
    if path := os.environ.get("PLOT"):
        Path(path).write_text(plot.page([_plot(costs, cameras)]))
    print(json.dumps({"ms": {name: round(ms, 2) for name, ms in costs.items()}, "cameras": cameras}))


def _costs(clip: Path, model: str) -> dict[str, float]:
    shots = pictures(clip, SIZE_WH, _FRAMES)
    costs = _producer(clip) | _bus(shots) | _decoding(shots)
    came = records.to_frame(records.decode(detected(record(shots[0], 0, "street"))))
    first = _believed(came, "detect_stub", "person")
    for name in ("redact", "annotate"):
        costs[name] = min(floor_ms(function_of(name), shots, first) for _ in range(_ROUNDS))
    for name in _DETECTORS:
        try:
            costs[name] = _detector(name, shots, {"model": model} if name == "detect_onnx" else {})
        except UsageError as error:  # its weights are not on this host
            print(f"{name} is left out: {error}")
    seen = _believed(came, "detect_faces", "face")
    costs["redact (faces)"] = min(floor_ms(function_of("redact"), shots, seen, **_FACES) for _ in range(_ROUNDS))
    return costs


def _believed(frame: Frame, function: str, label: str) -> Frame:
    """The frame as a redactor sees it whose chain file has this detector."""
    return replace(frame, hops=(replace(frame.hops[0], function=function, finds=frozenset({label})),))


def _detector(name: str, shots: list[bytes], options: dict[str, Any]) -> float:
    spec = function_of(name)
    said = spec.validate(options)
    spec.prepare(said)
    memory = memory_of(spec)
    return min(_ms(shots, lambda shot: spec.call(Frame(Picture(jpeg=shot)), *memory, **said)) for _ in range(_ROUNDS))


def _producer(clip: Path) -> dict[str, float]:
    with av.open(str(clip)) as container:
        began = time.process_time()
        frames = [Shown(frame) for _, frame in zip(range(_FRAMES), container.decode(video=0), strict=False)]
        decode_ms = 1000 * (time.process_time() - began) / len(frames)
    encode = partial(encode_frame, size_wh=SIZE_WH, quality=QUALITY)
    return {"decode the video": decode_ms, "encode a JPEG": min(_ms(frames, encode) for _ in range(_ROUNDS))}


def _decoding(shots: list[bytes]) -> dict[str, float]:
    """Of a stage by itself, and of two stages of a worker together, which meet no picture that was met before."""
    decode = sharing()
    alone = min(_ms(shots, jpeg.decode) for _ in range(_ROUNDS))
    both = min(_ms(shots, lambda shot: (decode(shot), decode(shot))) for _ in range(_ROUNDS))
    return {"decode a JPEG": alone, "decode it for two": both}


def _bus(shots: list[bytes]) -> dict[str, float]:
    """Of a stage that does nothing, and of the broker for one record written and read once."""
    values = [record(shots[seq % len(shots)], seq, "street") for seq in range(3 * len(shots))]
    stages, brokers = [], []
    with KafkaNode() as node:
        for turn in range(_ROUNDS):
            before = cpu_of(node.pid)
            stages.append(saturated(node.url, "detect_stub", values, f"COST{turn}").cpu_ms)
            # Each record is written, read, and written again.
            brokers.append(1000 * (cpu_of(node.pid) - before) / len(values) / 2)
    return {"a stage on the bus": min(stages), "the broker, a record": min(brokers)}


def _ms(items: Iterable[Any], call: Callable[[Any], object]) -> float:
    items = list(items)
    began = time.process_time()
    for item in items:
        call(item)
    return 1000 * (time.process_time() - began) / len(items)


def _cameras(costs: dict[str, float], detector: str, rate: float) -> float:
    redact = "redact (faces)" if detector == "detect_faces" else "redact"
    saved = 0 if detector in _DECODES_ITS_OWN else 2 * costs["decode a JPEG"] - costs["decode it for two"]
    functions = costs[detector] + costs[redact] - saved
    stages = functions + 2 * costs["a stage on the bus"] + 3 * costs["the broker, a record"]
    a_second = CAMERA_FPS * costs["decode the video"] + rate * (costs["encode a JPEG"] + stages)
    return round(_USABLE_MS / a_second, 1)


def _plot(costs: dict[str, float], cameras: dict[str, Any]) -> plot.Axes:
    lines = {name: [(rate, _cameras(costs, name, rate)) for rate in range(1, CAMERA_FPS + 1)] for name in cameras}
    return plot.Axes("Cameras of 768x576 that two cores carry", "frames/s taken of each", "cameras", lines)


if __name__ == "__main__":
    main()
