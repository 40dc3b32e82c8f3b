"""What people look at: the viewer and the camera page.

Imports `streams` and `functions`. Begin with `viewer/app.py`.
"""
