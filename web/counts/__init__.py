"""Visitor counts: read from Kafka, kept in memory, exported as CSV.

Imports `streams`. Begin with `reader.py`.
"""
