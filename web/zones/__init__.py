"""Zones drawn on a camera's picture: what is known of them, and what operators save.

Imports `web.auth`, `web.live` and `streams.zones`. Begin with `routes.py`.
"""
