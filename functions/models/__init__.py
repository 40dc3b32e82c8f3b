"""Neural networks: which there are, where their files are, how each is run and what it says.

Imports `functions.core` and `functions.geometry`. Begin with `catalogue.py` and `models.toml`; a family of detectors is
one file in `families/`.
"""
