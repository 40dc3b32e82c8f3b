"""What travels on the bus: frame records and counts, as typed msgpack, checked when read.

Imports `functions`. Begin with `records.py`; `docs/wire-format.md` says the same for every language.
"""
