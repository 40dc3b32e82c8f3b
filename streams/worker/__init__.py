"""One process: its stages side by side, and its pages for machines.

Imports `streams.stage`, `streams.counting` and below. Begin with `process.py`.
"""
