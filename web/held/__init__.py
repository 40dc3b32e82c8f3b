"""What the bus still holds, in a browser: the frame of a moment, the one before or after it, and a clip.

Imports `streams.outputs`, `streams.recording`, `web.auth` and `web.live`. Begin with `routes.py`.
"""
