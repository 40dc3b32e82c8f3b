"""What moves in front of a camera that stands still, as a mask.

Imports `functions.core` and `functions.geometry`. Begin with `background.py`.
"""
