"""What leaves the bus, and what goes back to it: records as they come, dead letters, and what a topic still holds.

Begin with `reader.py` and `writer.py`; the commands are in `watch.py`, `dead.py` and `replay.py`. What the
`[outputs.NAME]` of a chain file may let out is read by `redacted_frames.py`. Imports `streams.chain`, `streams.kafka`,
`streams.wire` and below.
"""
