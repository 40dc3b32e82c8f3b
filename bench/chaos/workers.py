"""What befalls workers: they are killed, stopped, started again and again."""

from __future__ import annotations

import signal
import time

from bench.chaos.cluster import Cluster
from bench.chaos.run import Outcome, run
from bench.chaos.scenario import scenario
from bench.chaos.supervise import Supervised
from tests.wait import wait_until

_PAUSE_S = 12.0  # longer than a consumer's session
_STORM = 6


@scenario("worker: kill -9, started again after 1 s", limit_s=15)
def worker_killed(cluster: Cluster) -> Outcome:
    with run(cluster, "worker-killed") as chain:
        worker = chain.worker()
        chain.steady()
        worker.kill()
        chain.recovered(_again(worker, 2))
        return chain.drain()


@scenario("one of two workers: kill -9, for good", limit_s=15)
def one_of_two_killed(cluster: Cluster) -> Outcome:
    with run(cluster, "one-of-two-killed") as chain:
        chain.worker()
        other = chain.worker()
        for worker in chain.workers:
            worker.process.wait_for_line("Stage redact-one-of-two-killed: is ready", 60)
        chain.steady()
        other.end()
        chain.recovered()
        return chain.drain()


@scenario("worker: stopped for 12 s (SIGSTOP)", limit_s=15)
def worker_paused(cluster: Cluster) -> Outcome:
    with run(cluster, "worker-paused") as chain:
        worker = chain.worker()
        chain.steady()
        worker.send(signal.SIGSTOP)
        time.sleep(_PAUSE_S)
        worker.send(signal.SIGCONT)
        chain.recovered()
        return chain.drain()


@scenario("worker: kill -9 six times, 2 s after each start", limit_s=15)
def restart_storm(cluster: Cluster) -> Outcome:
    with run(cluster, "restart-storm") as chain:
        worker = chain.worker()
        chain.steady()
        for starts in range(1, _STORM + 1):
            worker.kill()
            _again(worker, starts + 1)
            time.sleep(2.0)
        chain.recovered(worker.again_at)
        return chain.drain()


def _again(worker: Supervised, starts: int) -> float:
    """When it was started for the n-th time, once it has been."""
    wait_until(lambda: worker.starts >= starts, 10, "a worker that is started again")
    return worker.again_at
