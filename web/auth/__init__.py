"""Who may look: access rules, passwords, sessions, certificates, and how servers listen.

Imports `web.assets` and `streams.runtime`. Begin with `access.py`, then `guard.py`.
"""
