"""Who may look: passwords, sessions, certificates, and the guard before every page.

Imports `web.assets`. Begin with `guard.py`.
"""
