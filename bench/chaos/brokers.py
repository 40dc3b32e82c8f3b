"""What befalls brokers: they are killed, stopped, and run out of disk."""

from __future__ import annotations

import time

from bench.chaos.cluster import Broker, Cluster, filled
from bench.chaos.run import Outcome, Run, run
from bench.chaos.scenario import NotPossible, scenario
from tests.wait import wait_until

_AWAY_S = 8.0
_PAUSE_S = 12.0


@scenario("the output's leading broker: kill -9, back after 8 s", limit_s=10)
def leader_killed(cluster: Cluster) -> Outcome:
    with run(cluster, "leader-killed") as chain:
        chain.worker()
        chain.steady()
        leader = cluster.leader(chain.topics[-1])
        leader.node.kill()
        chain.recovered()  # the others take over
        time.sleep(_AWAY_S)
        return _back(chain, leader)


@scenario("two brokers in turn: kill -9, each back after 8 s", limit_s=10)
def two_brokers_in_turn(cluster: Cluster) -> Outcome:
    with run(cluster, "two-brokers-in-turn") as chain:
        chain.worker()
        chain.steady()
        for broker in cluster.brokers[:2]:
            broker.node.kill()
            chain.recovered()
            time.sleep(_AWAY_S)
            broker.node.start()
            cluster.wait_in_sync()
        chain.recovered()
        return chain.drain()


@scenario("two brokers at once: kill -9, both back after 8 s", limit_s=10)
def two_brokers_at_once(cluster: Cluster) -> Outcome:
    with run(cluster, "two-brokers-at-once") as chain:
        chain.worker()
        chain.steady()
        for broker in cluster.brokers[:2]:
            broker.node.kill()
        time.sleep(_AWAY_S)
        cluster.start(cluster.brokers[:2])
        chain.recovered()
        outcome = chain.drain()
    cluster.wait_in_sync()
    return outcome


@scenario("the output's leading broker: stopped for 12 s (SIGSTOP)", limit_s=10)
def broker_paused(cluster: Cluster) -> Outcome:
    with run(cluster, "broker-paused") as chain:
        chain.worker()
        chain.steady()
        leader = cluster.leader(chain.topics[-1])
        leader.pause()
        time.sleep(_PAUSE_S)
        leader.go_on()
        chain.recovered()
        outcome = chain.drain()
    cluster.wait_in_sync()
    return outcome


@scenario("the output's leading broker: its disk is full, 8 s later not", limit_s=10)
def broker_disk_full(cluster: Cluster) -> Outcome:
    with run(cluster, "broker-disk-full") as chain:
        chain.worker()
        chain.steady()
        leader = cluster.leader(chain.topics[-1])
        if leader.disk is None:
            raise NotPossible("a small disk can be mounted by root only")
        with filled(leader.disk):
            wait_until(lambda: leader.node.exit_code is not None, 60, "a broker that ends for want of disk")
            time.sleep(_AWAY_S)
        leader.node.kill()
        return _back(chain, leader)


def _back(chain: Run, broker: Broker) -> Outcome:
    """Start it again, see the chain well, and leave the cluster whole."""
    broker.node.start()
    chain.recovered()
    outcome = chain.drain()
    chain.cluster.wait_in_sync()
    return outcome
