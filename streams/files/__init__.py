"""What works on files without a broker: `imagebus try`, `functions` and `models`.

Imports `streams.producer` and `streams.chain`. Begin with `command.py`.
"""
