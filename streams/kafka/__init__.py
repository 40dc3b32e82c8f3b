"""Kafka itself: topics, security, watermarks, what Faust reads and writes with, and the embedded broker.

Imports `streams.chain` and `streams.wire`. Begin with `topics.py`.
"""
