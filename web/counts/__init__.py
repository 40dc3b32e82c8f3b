"""The counts that a viewer holds and gives out as a file.

Imports `streams`. Begin with `reader.py`.
"""
