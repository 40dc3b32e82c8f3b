"""The page Cameras: how each is, what it sends, what the redaction makes of it, and what to do.

Imports `web.live`, `web.redaction`, `web.zones` and `web.auth`. Begin with `table.py`.
"""
