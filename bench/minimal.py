"""The yardstick: producer, detector stub and redactor as three plain confluent-kafka loops.

The same functions and codecs as the chain's. Nothing else is: no checks, no order over threads, no dead letters, and
offsets are committed by the clock, whatever became of the records.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from typing import Any

import av
import cv2
import msgspec
from confluent_kafka import Consumer, Producer

from bench.load import SOURCE, memory_of
from bench.material import RUN
from functions import Detection, Frame, Hop
from functions.core.frame import Picture
from functions.core.jpeg import QUALITY
from functions.core.registry import load
from streams.video.encoder import encode_frame
from streams.video.shown import Shown
from tests.processes import Process
from tests.streams.chains import FUNCTIONS

_FRAME_US = 100_000
_WAIT_S = 0.1

encode = msgspec.msgpack.Encoder().encode
decode = msgspec.msgpack.Decoder().decode


def main() -> None:
    """Run one of the three: `produce|detect|redact URL INPUT OUTPUT`; the input is a video or a topic."""
    what, url, source, output = sys.argv[1:]
    cv2.setNumThreads(1)
    client = Producer({"bootstrap.servers": url, "linger.ms": 0, "log_level": 0, "message.max.bytes": 4_000_000})
    for record in produced(source) if what == "produce" else map(_WORK[what](), consumed(url, source)):
        _write(client, output, encode(record))
    client.flush()


def start(what: str, url: str, source: str, output: str) -> Process:
    """One of the three in a process of its own; a reader is back when it has its partition."""
    process = Process([sys.executable, "-m", "bench.minimal", what, url, source, output])
    if what != "produce":
        process.wait_for_line("reads")
    return process


def produced(clip: str) -> Iterator[dict[str, Any]]:
    """The clip's frames as JPEG, straight from its planes."""
    with av.open(clip) as container:
        container.streams.video[0].thread_type = "AUTO"
        for seq, frame in enumerate(container.decode(video=0)):
            yield {"seq": seq, "jpeg": encode_frame(Shown(frame), (frame.width, frame.height), QUALITY)}


def consumed(url: str, topic: str) -> Iterator[dict[str, Any]]:
    """All records of a topic, for ever."""
    group = {"group.id": topic, "auto.offset.reset": "earliest", "fetch.wait.max.ms": 50}
    client = Consumer({"bootstrap.servers": url, "log_level": 0, **group})
    client.subscribe([topic], on_assign=lambda *_: print("reads", topic))
    while True:
        message = client.poll(_WAIT_S)
        if message is not None and not message.error():
            yield decode(message.value())


def _detector() -> Callable[[dict[str, Any]], dict[str, Any]]:
    """Five boxes beside the very bytes that came."""
    spec = load([FUNCTIONS])["detect_stub"]

    def detect(record: dict[str, Any]) -> dict[str, Any]:
        found = spec.call(Frame(Picture(jpeg=record["jpeg"])))
        return record | {"detections": [(each.label, each.confidence, each.xyxy) for each in found.detections]}

    return detect


def _redactor() -> Callable[[dict[str, Any]], dict[str, Any]]:
    spec = load([FUNCTIONS])["redact"]
    memory, options = memory_of(spec), spec.validate({})
    hop = Hop("detect", "detect_stub", "1", {}, 0, 0, 0, finds=frozenset({"person"}))

    def redact(record: dict[str, Any]) -> dict[str, Any]:
        found = tuple(Detection(label, sure, tuple(box)) for label, sure, box in record["detections"])
        at = _FRAME_US * record["seq"]
        frame = Frame(Picture(jpeg=record["jpeg"]), SOURCE, f"{RUN}-0", record["seq"], at, False, found, hops=(hop,))
        return record | {"jpeg": spec.call(frame, *memory, **options).jpeg}

    return redact


_WORK = {"detect": _detector, "redact": _redactor}


def _write(client: Producer, topic: str, value: bytes) -> None:
    while True:
        try:
            client.produce(topic, value, SOURCE)
            client.poll(0)
        except BufferError:
            client.poll(_WAIT_S)
        else:
            return


if __name__ == "__main__":
    main()
