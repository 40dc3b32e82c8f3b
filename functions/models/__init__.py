"""Neural networks: the catalogue, weight files, runtimes and decoders.

Imports `functions.core` and `functions.geometry`. Begin with `catalogue.py` and `models.toml`; a family of detectors is
one file in `families/`.
"""
