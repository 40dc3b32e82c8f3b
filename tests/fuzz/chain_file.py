"""A chain file: read and checked, or refused with an error that a user can read."""

from __future__ import annotations

import atexit
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np

from functions.core import registry
from functions.core.errors import UsageError
from functions.geometry.masks import Mask
from functions.redaction.zones import check_zones, with_zones
from streams.chain import types as chains
from streams.chain.check import check

MAX_BYTES = 4096
_FUNCTIONS = registry.load()
_folder = tempfile.TemporaryDirectory()
atexit.register(_folder.cleanup)
_file = Path(_folder.name) / "chain.toml"
_MASK: Mask = np.zeros((48, 64), np.uint8)


def one(data: bytes) -> None:
    """Load and check a chain, and draw its zones."""
    _file.write_bytes(data)
    with suppress(UsageError):
        chain = chains.load(_file)
        check(chain, _FUNCTIONS)
        for stage in chain.stages.values():
            _FUNCTIONS[stage.function].validate(chain.options(stage, _FUNCTIONS[stage.function]))
        for source, conf in chain.zones.items():
            check_zones(conf.as_option(source))
            with_zones(_MASK, conf.as_option(source), source)


def seeds() -> Iterator[bytes]:
    """The chains that ship, and one that says all that can be said."""
    for path in sorted(chains.DEFAULT.parent.glob("*.toml")):
        yield path.read_bytes()
    yield b"""
[stages.hide]
function = "redact"
input = ["A", "B"]
output = "C"
title = "x"
options = { labels = ["person", "car"], style = "blur", motion = false, zones = ["a: cover 0,0 1,0 1,.5"] }
[topics.C]
redacted = true
retention_s = 60.5
partitions = 4
[topics.A]
[topics.B]
[zones.door]
cover = [[[0, 0], [0.5, 0], [1, 1]]]
ignore = [[[0.1, 0.1], [0.2, 0.2], [0.3, 1e-3], [1, 0.4]]]
"""
