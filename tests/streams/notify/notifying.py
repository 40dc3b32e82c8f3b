"""`imagebus notify` beside a test: chains with outputs, frames with people in them, states of cameras."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import replace

from functions import Detection
from functions.core.frame import Redaction
from streams.wire import counts, records
from streams.wire.cameras import CAMERAS, CameraState, State
from tests.bus import produce
from tests.processes import IMAGEBUS, Process
from tests.streams.chains import STUB_CHAIN
from tests.streams.frames import frame

REDACTED = "REDACTION_FRAME"
SIDE = 64
WHERE = (8.0, 8.0, 24.0, 48.0)


def chain(*outputs: str) -> str:
    """The chain of stubs with these sections."""
    return STUB_CHAIN + "\n" + "\n".join(outputs)


def mqtt(port: int, more: str = "") -> str:
    """The section of an output to a broker on this port."""
    return f'[outputs.home]\nkind = "mqtt"\nurl = "mqtt://127.0.0.1:{port}"\n{more}\n'


def notify(env: Mapping[str, str]) -> Process:
    """The command, once it reads frames."""
    process = Process([*IMAGEBUS, "notify"], env)
    process.wait_for_line("Stage notify: is ready", 60)
    return process


def seen(seq: int, people: int, source: str = "yard", every_s: float = 0.1) -> tuple[str, bytes]:
    """Key and value of a redacted frame with so many people in it, and something else."""
    found = [Detection("person", 0.9, WHERE) for _ in range(people)] + [Detection("cat", 0.9, WHERE)] * (people > 0)
    made = frame(seq, source, size_wh=(SIDE, SIDE))
    at, done = 1_700_000_000_000_000 + round(seq * every_s * 1e6), Redaction(("person",), "pixelate", covered=0.1)
    told = replace(made, detections=tuple(found), captured_at=at, redaction=done)
    return source, records.encode(records.from_frame(told))


def frames(
    people: Iterable[int], source: str = "yard", first: int = 0, every_s: float = 0.1
) -> list[tuple[str, bytes]]:
    """Frames with so many people each, one after the other."""
    return [seen(seq, count, source, every_s) for seq, count in enumerate(people, start=first)]


def tell_state(url: str, source: str, state: State | None) -> None:
    """Tell the state of a camera, or (None) that it was removed."""
    now = time.time_ns() // 1000
    told = CameraState(
        source=source,
        run="0" * 12,
        topic="SOURCE_FRAME",
        state=state or "stopped",
        since=now,
        started_at=now,
        updated_at=now,
    )
    produce(url, CAMERAS, source, counts.encode(told) if state else None)
