"""Where brokers say that they are: a client is sent there, wherever it asked first."""

from __future__ import annotations

import socket

from confluent_kafka.admin import ClusterMetadata  # type: ignore[attr-defined]

_TIMEOUT_S = 3.0
ADVICE = "set its advertised.listeners to an address that clients reach from here"


def unreachable(cluster: ClusterMetadata) -> dict[str, str]:
    """The addresses, `host:port`, of this cluster's brokers that cannot be reached from here, and why."""
    addresses = ((str(broker.host), int(broker.port or 0)) for broker in cluster.brokers.values())
    tried = ((f"{host}:{port}", _why_not(host, port)) for host, port in addresses)
    return {address: why for address, why in tried if why}


def _why_not(host: str, port: int) -> str:
    try:
        socket.create_connection((host, port), _TIMEOUT_S).close()
    except (OSError, OverflowError) as error:  # a port beyond 65535
        return getattr(error, "strerror", None) or str(error)
    return ""
