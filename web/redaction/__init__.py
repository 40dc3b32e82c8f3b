"""Redaction told: what was hidden of each camera over the last hour, kept in the memory of this viewer.

Imports `web.auth`, `web.check` and `streams`. Begin with `hour.py`.
"""
