"""What a frame of a stream costs, by size: decoded, encoded as H.264; and one that is sent once more.

`python -m bench.publish_cost VIDEO`. CPU time in milliseconds, and kbit/s at 10 frames/s, every one of them new.
"""

from __future__ import annotations

import io
import json
import sys
import time
from collections.abc import Iterable, Iterator
from fractions import Fraction

import av
import cv2

from functions.core import jpeg
from functions.core.frame import Size
from streams.publish.publication import h264
from streams.publish.screen import Screen, Shot

SIZES: tuple[Size, ...] = ((768, 576), (1280, 720), (1920, 1080))
FRAMES, FPS = 60, 10


def main(path: str) -> None:
    """Measure and print; the last line is JSON."""
    cv2.setNumThreads(1)
    report = {"x".join(map(str, size_wh)): _measured(path, size_wh) for size_wh in SIZES}
    for size, cost in report.items():
        print(f"{size:10} {cost['new_ms']:6.1f} ms new  {cost['again_ms']:6.1f} ms again  {cost['kbit_s']} kbit/s")
    print(json.dumps(report))


def _measured(path: str, size_wh: Size) -> dict[str, float]:
    shots = [Shot(each, 0.0, float("inf")) for each in _jpegs(path, size_wh)]
    written, screen = io.BytesIO(), Screen("cam", size_wh)
    with av.open(written, "w", format="mpegts") as container:
        stream = h264(container, size_wh, FPS)
        numbers = iter(range(3 * FRAMES))

        def send(some: Iterable[Shot]) -> float:
            before = time.process_time()
            for shot in some:
                screen.show(shot)
                frame = screen.frame(0.0)
                frame.pts, frame.time_base = next(numbers), Fraction(1, FPS)
                container.mux(stream.encode(frame))
            return round((time.process_time() - before) / FRAMES * 1000, 1)

        new_ms, sent = send(shots), len(written.getvalue())
        return {"new_ms": new_ms, "again_ms": send(shots[-1:] * FRAMES), "kbit_s": sent * 8 * FPS // FRAMES // 1000}


def _jpegs(path: str, size_wh: Size) -> Iterator[bytes]:
    video = cv2.VideoCapture(path)
    for _ in range(FRAMES):
        yield jpeg.encode(cv2.resize(video.read()[1], size_wh))


if __name__ == "__main__":
    main(sys.argv[1])
