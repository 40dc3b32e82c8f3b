"""`imagebus cameras`: the cameras of the chain file, each a process of its own, and their states as a table.

Imports `streams.producer`, `streams.cameras` and below. Begin with `fleet.py`.
"""
