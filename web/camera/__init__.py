"""`imagebus camera`: a browser's camera as a source, by WebRTC.

Imports `web.auth`, `web.assets`, `web.viewer` and `streams.producer`. Begin with `command.py`.
"""
