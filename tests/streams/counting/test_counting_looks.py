"""People are told apart by what they wear, and what they wear never leaves the process."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import msgpack
import numpy as np
from confluent_kafka.admin import AdminClient  # type: ignore[attr-defined]

from functions import Detection, Frame
from functions.appearance.clothes import Looks, look_of
from streams.wire.counts import VISITS
from tests.bus import consume, length, produce, produce_all
from tests.processes import Process
from tests.streams import walkers
from tests.streams.chains import environment, worker
from tests.streams.counted import wait_counted

CHAIN = """
[stages.detect]
function = "detect_stub"
input = "SOURCE_FRAME"
output = "IMAGEAI_FRAME"

[counts]
looks = true
"""
STANDING = (100.5, 50.5, 139.5, 149.5)


def dressed(source: str, seconds: int, starts_s: int) -> list[Frame]:
    """Somebody in red and blue who stands before a camera."""
    image = np.full((240, 320, 3), 90, np.uint8)
    image[50:100, 100:140], image[100:150, 100:140] = (30, 30, 200), (200, 60, 30)
    shown = Frame.from_image(image, source)
    return [
        replace(
            Frame.from_jpeg(shown.jpeg, source),
            id=f"{walkers.BEGAN_AT}-{seq}",
            seq=seq,
            captured_at=walkers.BEGAN_AT + (starts_s + seq) * walkers.SECOND,
            detections=(Detection("person", 0.9, STANDING),),
        )
        for seq in range(seconds)
    ]


def secrets_of(frames: Sequence[Frame]) -> dict[str, list[bytes]]:
    """What may be nowhere but in the process: states of the descriptor, as bytes and as text, and rows of the crop."""
    look, looks, states = look_of(frames[0].image, STANDING), Looks(), []
    assert look is not None
    for at in range(len(frames)):
        looks.add(1, "a", at, look)
        states.append(looks._seen[1].look)
    rows = [frames[0].image[row, 101:139].tobytes() for row in (70, 120)]
    numbers = [np.flatnonzero(state) for state in states]
    texts = [" ".join(map(str, state[some])).encode() for state, some in zip(states, numbers, strict=True)]
    packed = [b"".join(map(msgpack.packb, state[some].tolist())) for state, some in zip(states, numbers, strict=True)]
    return {"descriptor": [*(state.tobytes() for state in states), *texts, *packed], "crop": rows}


def found_in(contents: Iterable[bytes], secrets: Mapping[str, list[bytes]]) -> set[str]:
    everything = list(contents)
    return {what for what, needles in secrets.items() if any(n in each for n in needles for each in everything)}


def memory_of(pid: int) -> Iterator[bytes]:
    """What a process has written in its memory."""
    with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb", 0) as memory:
        for line in maps:
            span, rights = line.split()[:2]
            if rights.startswith("rw"):
                begin, end = (int(each, 16) for each in span.split("-"))
                memory.seek(begin)
                with contextlib.suppress(OSError):
                    yield memory.read(end - begin)


def topics_of(url: str) -> list[str]:
    there = AdminClient({"bootstrap.servers": url, "log_level": 0}).list_topics(timeout=10).topics
    return [topic for topic in there if topic != "IMAGEAI_FRAME" and not topic.startswith("__")]


def test_who_looks_the_same_counts_once_and_what_they_look_like_never_leaves_the_process(
    empty_kafka: str, tmp_path: Path
) -> None:
    url = empty_kafka
    (tmp_path / "temporary").mkdir()
    env = environment(url, tmp_path, CHAIN, partitions=2) | {"TMPDIR": str(tmp_path / "temporary")}
    here, there = dressed("a", 10, 0), dressed("b", 10, 60)
    secrets = secrets_of(here)

    def outside(process: Process) -> set[str]:
        values = [
            message.value() or b"" for each in topics_of(url) for message in consume(url, each, length(url, each))
        ]
        files = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
        return found_in([*values, *files, process.log.read_bytes()], secrets)

    with worker(env, "count") as process:
        produce_all(url, "IMAGEAI_FRAME", [*walkers.pairs(here), *walkers.pairs(there)])
        wait_counted(url, {("a", 1, 1), ("b", 1, 1), (None, 2, 1)})
        assert "descriptor" in found_in(memory_of(process.pid), secrets)  # it is there, and would be found
        assert outside(process) == set()
        assert process.terminate() == 0
        assert outside(process) == set()

        for name, needles in secrets.items():
            planted = tmp_path / "temporary" / name
            planted.write_bytes(b"before" + needles[0] + b"after")
            assert outside(process) == {name}
            planted.unlink()
        produce(url, VISITS, "planted", secrets["descriptor"][-1])
        assert outside(process) == {"descriptor"}
