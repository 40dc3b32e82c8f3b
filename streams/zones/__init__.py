"""What people drew: zones, as redactors know them, kept beside their data, and areas for alerts; of the topic `ZONES`.

Imports `streams.kafka`, `streams.wire` and below. Begin with `known.py`; `writer.py` is the only one who writes it.
"""
