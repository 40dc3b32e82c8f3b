"""`imagebus redact --faces` over a video, from its first frame to the end of its result, as `bench/deface.py` is timed.

`python -m bench.redacted VIDEO OUTPUT` prints frames a second, and the CPU milliseconds of a frame.
"""

from __future__ import annotations

import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import cv2

from streams import settings
from streams.chain import types
from streams.chain.function_options import registered
from streams.file_redaction.chain import file_chain
from streams.file_redaction.job import Work, redact_file
from streams.file_redaction.plan import Job
from streams.file_redaction.video_result import Form


def main() -> None:
    """Run it with the defaults of its command line."""
    source, result = map(Path, sys.argv[1:])
    cv2.setNumThreads(1)
    chain = file_chain(types.load(types.DEFAULT.with_name("chain-faces.toml")), registered(settings.load()), {})
    chain.prepare()
    cores, done_at = len(os.sched_getaffinity(0)), list[tuple[float, float]]()
    with ThreadPoolExecutor(cores) as pool:
        work = Work(chain, Form(), pool, cores, lambda: done_at.append(_now()), Event())
        outcome = redact_file(Job(source, result), work).outcome
        ended_s, cpu_s = (end - begin for end, begin in zip(_now(), done_at[0], strict=True))
    if outcome.failed:
        sys.exit(outcome.failed)
    print(f"fps {(len(done_at) - 1) / ended_s}")
    print(f"cpu_ms {1000 * cpu_s / (len(done_at) - 1)}")


def _now() -> tuple[float, float]:
    return time.perf_counter(), time.process_time()


if __name__ == "__main__":
    main()
