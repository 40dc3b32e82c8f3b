"""Faults on purpose: what a chain on three brokers does about them, with every record counted."""
