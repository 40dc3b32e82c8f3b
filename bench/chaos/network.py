"""What befalls the network between a worker and the brokers: it is cut, broken again and again, and slow."""

from __future__ import annotations

import time

from bench.chaos.cluster import Cluster
from bench.chaos.run import Outcome, run
from bench.chaos.scenario import scenario

_CUT_S = 20.0
_BREAKS = 5
_SLOW_S = 15.0


@scenario("worker's network: nothing passes for 20 s", limit_s=15)
def network_cut(cluster: Cluster) -> Outcome:
    with run(cluster, "network-cut", proxied=True) as chain:
        chain.worker()
        chain.steady()
        for proxy in cluster.proxies:
            proxy.stall()
        time.sleep(_CUT_S)
        for proxy in cluster.proxies:
            proxy.go_on()
        chain.recovered()
        return chain.drain()


@scenario("worker's network: all connections break five times", limit_s=10)
def connections_broken(cluster: Cluster) -> Outcome:
    with run(cluster, "connections-broken", proxied=True) as chain:
        chain.worker()
        chain.steady()
        for _ in range(_BREAKS):
            for proxy in cluster.proxies:
                proxy.cut()
            time.sleep(2.0)
        chain.recovered()
        return chain.drain()


@scenario("worker's network: 200 ms each way, 1 MB/s, for 15 s", limit_s=10)
def slow_link(cluster: Cluster) -> Outcome:
    with run(cluster, "slow-link", proxied=True) as chain:
        chain.worker()
        chain.steady()
        for proxy in cluster.proxies:
            proxy.slow(delay_s=0.2, bytes_per_s=1e6)
        time.sleep(_SLOW_S)
        for proxy in cluster.proxies:
            proxy.slow()
        chain.recovered()
        return chain.drain()
