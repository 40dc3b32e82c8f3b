"""What `track` is made of: a Kalman filter for each box, and the assignment of detections to tracks.

Imports `functions.core`. Begin with `kalman_filter.py`.
"""
