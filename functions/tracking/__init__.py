"""Multi-object tracking: a Kalman filter for each track, and the assignment of detections to tracks.

Imports `functions.core` and `functions.geometry`. Begin with `tracker.py`.
"""
