"""Kafka itself: topics, security, watermarks, and the embedded broker.

Imports `streams.chain` and `streams.wire`. Begin with `topics.py`.
"""
