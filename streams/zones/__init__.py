"""Zones that people drew, as redactors know them: read from the topic `ZONES`, kept beside their data.

Imports `streams.kafka`, `streams.wire` and below. Begin with `known.py`; `writer.py` is the only one who writes it.
"""
