"""What leaves the bus, and what goes back to it: records as they come, dead letters.

Begin with `reader.py`; `imagebus watch` is in `watch.py`, `imagebus dead` in `dead.py`. Imports `streams.chain`,
`streams.kafka`, `streams.wire` and below.
"""
