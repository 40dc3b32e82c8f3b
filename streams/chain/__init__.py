"""The chain file: its types, what is refused of it, and `imagebus chain`.

Imports `functions` and `streams.wire`. Begin with `types.py`.
"""
