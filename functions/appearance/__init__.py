"""Appearance: re-identification of people at other cameras by their clothes; off by default.

Imports `functions.core`, `functions.geometry` and `functions.counting`. Begin with `clothes.py`.
"""
