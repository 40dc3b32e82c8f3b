"""What a function is written with: the frame, `@function`, its options and errors.

Imports numpy, OpenCV and msgspec, nothing else of ours. Begin with `frame.py`, then `registry.py`.
"""
