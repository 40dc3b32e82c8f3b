"""Visitor counts: kept in memory, exported as CSV.

Imports `streams`. Begin with `latest.py`.
"""
