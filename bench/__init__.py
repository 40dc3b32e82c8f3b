"""Measurements: each compares two things in one run, prints a ratio, and ends with one line of JSON."""
