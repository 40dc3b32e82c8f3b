"""What befalls a worker's host and its function: clock, memory, disk, slowness, poison, a topic that is full."""

from __future__ import annotations

import glob
import time
from pathlib import Path

import psutil

from bench.chaos import pictures
from bench.chaos.cluster import Cluster, filled, small_disk
from bench.chaos.run import Outcome, run
from bench.chaos.scenario import NotPossible, scenario
from tests.processes import IMAGEBUS, Process
from tests.wait import wait_until

_SLOW_S = 8.0
_JUMP_S = 10.0
_HOARD_S = 60
_PICTURES, _PRODUCE_S = 300, 180
_FULL_BYTES = 8 * 1024 * 1024
_POISON_EVERY = 100
_POISON_S = 30.0
_ROOM_BYTES = 400 * 1024 * 1024
_POISONS = (b"", b"junk", b"\x81\xa1v\x02", pictures.record("000000000000", 0, "someone else"))


@scenario("1 % of the records are poison", limit_s=10, dead=0)
def poison(cluster: Cluster) -> Outcome:
    def some(seq: int) -> bytes | None:
        return _POISONS[seq // _POISON_EVERY % len(_POISONS)] if seq % _POISON_EVERY == _POISON_EVERY // 2 else None

    with run(cluster, "poison", poison=some, rate=10.0) as chain:
        chain.worker()
        chain.steady()
        time.sleep(_POISON_S)
        chain.recovered()
        return chain.drain()


@scenario("function: half a second a record for 8 s, no quicker than they come", limit_s=10)
def slow_function(cluster: Cluster) -> Outcome:
    with run(cluster, "slow-function", detector="detect_slowly", flagged=True) as chain:
        chain.worker()
        chain.steady()
        chain.flag.touch()
        time.sleep(_SLOW_S)
        chain.flag.unlink()
        chain.recovered()
        return chain.drain()


@scenario("worker: its memory limit is reached, started again", limit_s=15, dead=8)
def memory_limit(cluster: Cluster) -> Outcome:
    with run(cluster, "memory-limit", detector="detect_and_hoard", flagged=True) as chain:
        worker = chain.worker()
        chain.steady()
        process = psutil.Process(worker.process.pid)
        limit = process.memory_info().vms + _ROOM_BYTES
        process.rlimit(psutil.RLIMIT_AS, (limit, limit))
        chain.flag.touch()
        wait_until(lambda: worker.starts == 2, _HOARD_S, "a worker that ends for want of memory")
        chain.flag.unlink()
        chain.recovered(worker.again_at)
        return chain.drain()


@scenario("worker: the disk under its data folder is full, and it is killed", limit_s=15)
def worker_disk_full(cluster: Cluster) -> Outcome:
    with small_disk(mib=1) as disk:
        if disk is None:
            raise NotPossible("a small disk can be mounted by root only")
        with run(cluster, "worker-disk-full", data_dir=disk / "data") as chain:
            worker = chain.worker()
            chain.steady()
            with filled(disk):
                worker.kill()
                wait_until(lambda: worker.starts == 2, 10, "a worker that is started again")
                chain.recovered(worker.again_at)
                return chain.drain()


@scenario("topic: full after 8 MiB, a file of 43 MB, a slow stage", limit_s=10)
def full_topic(cluster: Cluster) -> Outcome:
    with run(cluster, "full-topic", "detect_slowly", flagged=True, retention_bytes=_FULL_BYTES) as chain:
        chain.worker()
        chain.steady()
        folder = chain.folder / "pictures"
        folder.mkdir()
        for number in range(_PICTURES):
            (folder / f"{number:03}.jpg").write_bytes(pictures.picture(quality=97).jpeg)
        chain.flag.touch()
        with Process([*IMAGEBUS, "produce", folder, "-n", "file", "-t", chain.topics[0]], chain.env) as producer:
            time.sleep(_SLOW_S)
            chain.flag.unlink()
            assert producer.wait(_PRODUCE_S) == 0, producer.tail()
        chain.feed.written |= {("file", seq): time.time() for seq in range(_PICTURES)}
        chain.recovered()
        return chain.drain()


@scenario("worker's clock: an hour ahead, then two hours back", limit_s=10)
def clock_jump(cluster: Cluster) -> Outcome:
    with run(cluster, "clock-jump") as chain:
        clock = chain.folder / "clock"
        clock.write_text("+0")
        chain.worker(**_with_clock(clock))
        chain.steady()
        for offset in ("+1h", "-1h"):
            clock.write_text(offset)
            time.sleep(_JUMP_S)
        chain.recovered()
        return chain.drain()


def _with_clock(file: Path) -> dict[str, str]:
    """Environment in which the wall clock is what a file says, and the monotonic one is as it is."""
    found = glob.glob("/usr/lib/*/faketime/libfaketimeMT.so.1")
    if not found:
        raise NotPossible("a clock that jumps wants libfaketime (Debian: apt-get install libfaketime)")
    return {
        "LD_PRELOAD": found[0],
        "FAKETIME_TIMESTAMP_FILE": str(file),
        "FAKETIME_CACHE_DURATION": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }
