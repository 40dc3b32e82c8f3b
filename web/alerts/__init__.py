"""The page Alerts: what rules told, and what was held back.

Imports `streams` and `web.auth`. Begin with `latest.py`.
"""
