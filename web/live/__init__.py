"""Live pictures: the newest frame of each source, sent to each browser at its own pace.

Imports `streams` and `web.counts`. Begin with `newest.py`, then `client.py`.
"""
