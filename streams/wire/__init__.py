"""What travels on the bus: frame records, visits and counts, as typed msgpack, validated on reading.

Imports `functions`. Begin with `records.py`; `docs/wire-format.md` says the same for every language.
"""
