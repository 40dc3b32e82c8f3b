"""What befalls brokers: they are killed, stopped, and run out of disk."""

from __future__ import annotations

import time

from bench.chaos.cluster import Cluster
from bench.chaos.run import Outcome, run
from bench.chaos.scenario import scenario

_AWAY_S = 8.0
_PAUSE_S = 12.0


@scenario("the output's leading broker: kill -9, back after 8 s", limit_s=10)
def leader_killed(cluster: Cluster) -> Outcome:
    with run(cluster, "leader-killed") as chain:
        chain.worker()
        chain.steady()
        leader = cluster.leader(chain.topics[-1])
        leader.node.kill()
        chain.recovered()
        time.sleep(_AWAY_S)
        leader.node.start()
        chain.recovered()
        outcome = chain.drain()
    cluster.wait_in_sync()
    return outcome
