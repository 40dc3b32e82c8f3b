"""Check your camera: an operator marks who is exposed in a sample of frames, and the page says what that proves.

Imports `streams`, `web.auth`, `web.live` and `web.assets`. Begin with `desk.py`, then `sampler.py` and `checks.py`.
"""
