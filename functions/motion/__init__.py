"""What moves: a background model for cameras that stand, laid-over pictures for those that move, and who tells which.

`detect_motion` and `gate` use the background model, `redact` the witness. Imports `functions.core` and
`functions.geometry`. Begin with `witness.py`.
"""
