"""`imagebus redact`: the redaction of a chain file over files, without a broker.

Imports `streams.chain`, `streams.files` and `streams.video`. Begin with `redactor.py`.
"""
