"""Visits and counts as Faust tables, in plain agents behind the stages.

Imports `streams.stage` and below. Begin with `workers.py`.
"""
