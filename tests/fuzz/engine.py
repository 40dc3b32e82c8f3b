"""`python -m tests.fuzz.engine TARGET …`: one target under atheris; what follows is for libFuzzer."""

from __future__ import annotations

import sys

import atheris

from tests import fuzz

# Ours, and those parsers of others that are Python.
with atheris.instrument_imports(include=["functions", "streams", "web", "aioice", "aiortc.sdp", "tomllib"]):
    target = fuzz.target(sys.argv.pop(1))

if __name__ == "__main__":
    atheris.Setup(sys.argv, target.one)
    atheris.Fuzz()
