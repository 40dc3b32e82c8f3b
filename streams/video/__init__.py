"""Video and pictures as they are shown: which stream, which way up, when, and as JPEGs that fit a record.

Imports `functions`, and no other package of `streams`. Begin with `decoding.py`.
"""
