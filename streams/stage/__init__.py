"""One record's way through a stage, from its Kafka message to its ack.

Imports `streams.runtime` and below. Begin with `agent.py`, then `delivery.py`, `handler.py`, `invocation.py`.
"""
