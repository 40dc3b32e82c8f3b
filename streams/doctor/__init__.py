"""`imagebus doctor`: what is wrong with this host and its bus, and what to do about it.

Imports `streams.producer`, `streams.kafka` and below. Begin with `command.py`.
"""
