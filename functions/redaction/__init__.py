"""Redaction: evidence that a detector ran, persistence and association of boxes, zones, and fills.

Imports `functions.core` and `functions.geometry`. Begin with `evidence.py`.
"""
