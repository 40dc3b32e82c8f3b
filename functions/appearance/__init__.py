"""What somebody wears, as numbers, to know them again at another camera; off by default.

Imports `functions.core`, `functions.geometry` and `functions.counting`. Begin with `clothes.py`.
"""
