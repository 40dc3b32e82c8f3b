"""One record's way through a stage, from its Kafka message to its ack.

Imports `streams.runtime` and below. Begin with `delivery.py`, then `handler.py`, `ordering.py`, `thread_pool.py` and
`invocation.py`.
"""
