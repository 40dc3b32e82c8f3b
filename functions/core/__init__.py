"""The API for functions: the frame, `@function`, options and errors.

Imports numpy, OpenCV and msgspec, nothing else of ours. Begin with `frame.py`, then `registry.py`.
"""
