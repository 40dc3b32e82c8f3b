"""What every Faust app of ours stands on: the app, group membership, the supervisor, lag, metrics, logs.

Imports `streams.kafka` and below, and knows no stage. Begin with `faust_app.py`, then `supervisor.py`.
"""
