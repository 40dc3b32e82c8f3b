"""`imagebus produce`: sources, decoding, reconnecting, backpressure and encoding.

Imports `streams.runtime` and below, and no stage. Begin with `command.py`, then `sampling.py`.
"""
