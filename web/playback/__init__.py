"""What is recorded, in a browser: which days there are, what happened in them, and the files themselves.

Imports `streams.recording` and `web.auth`. Begin with `archive.py`.
"""
