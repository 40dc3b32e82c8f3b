"""What `redact` decides by: evidence that a detector looked, persistence of boxes, zones, and what is shown instead.

Imports `functions.core` and `functions.geometry`. Begin with `evidence.py`.
"""
