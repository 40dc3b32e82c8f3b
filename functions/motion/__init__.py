"""Background subtraction for cameras that stand still: `detect_motion`, `gate` and `redact` share one model.

Imports `functions.core` and `functions.geometry`. Begin with `background.py`.
"""
