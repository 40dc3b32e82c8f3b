"""Live pictures: the newest frame of each source, and what each browser gets of it.

Imports `streams` and `web.counts`. Begin with `newest.py`, then `client.py`.
"""
