"""Visits of one camera, and the ledger that makes counts of the visits of all.

Imports `functions.core` and `functions.tracking`. Begin with `visits.py`, then `ledger.py`.
"""
