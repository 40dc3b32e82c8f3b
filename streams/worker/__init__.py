"""One process: its stages side by side, its pages for machines, and `imagebus stage`.

Imports `streams.stage`, `streams.counting` and below. Begin with `process.py`.
"""
