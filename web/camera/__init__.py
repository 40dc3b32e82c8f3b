"""`imagebus camera`: a browser's camera as a source, over WebRTC.

Imports `web.auth`, `web.assets` and `streams.producer`. Begin with `command.py`, then `app.py`.
"""
