"""Chains for tests of files: a detector that finds five boxes in no time, one that fails, and redactors."""

from __future__ import annotations

from pathlib import Path

from functions.core import registry
from streams.chain import types
from streams.chain.check import check
from streams.file_redaction.chain import FileChain, file_chain
from tests.streams.chains import FUNCTIONS

STUB = """
[stages.detect]
function = "detect_stub"
input = "SOURCE_FRAME"
output = "IMAGEAI_FRAME"
"""
FAILING = """
[stages.fail]
function = "fail_on"
input = "SOURCE_FRAME"
output = "FIRST"
options = {{ {options} }}

[stages.detect]
function = "detect_stub"
input = "FIRST"
output = "IMAGEAI_FRAME"
"""
REDACT = """
[stages.redact]
function = "{function}"
input = "IMAGEAI_FRAME"
output = "REDACTION_FRAME"
options = {{ {options} }}

[topics.REDACTION_FRAME]
redacted = true
"""


def text(options: str = "motion = false", failing: str = "", function: str = "redact") -> str:
    """A chain file: the redactor with these options, behind a function that fails with those where any are given."""
    first = FAILING.format(options=failing) if failing else STUB
    return first + REDACT.format(function=function, options=options)


def of(folder: Path, chain: str) -> FileChain:
    """The chain of this text, checked and ready."""
    path = folder / "chain.toml"
    path.write_text(chain)
    functions = registry.load([FUNCTIONS])
    loaded = types.load(path)
    check(loaded, functions)
    found = file_chain(loaded, functions, {})
    found.prepare()
    return found
