"""`imagebus produce`: sources, reconnecting, sampling, backpressure and sending.

Imports `streams.video`, `streams.runtime` and below, and no stage. Begin with `command.py`, then `sampling.py`.
"""
