"""`imagebus produce`: sources, decoding, reconnecting, sampling, encoding, backpressure and sending.

Imports `streams.runtime` and below, and no stage. Begin with `command.py`, then `sampling.py`.
"""
