"""`imagebus` in the test's own process: its very entry point, for what ends at once, without the start of a process."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from typing import NamedTuple
from unittest.mock import patch

import pytest

from streams.cli import main


class Ended(NamedTuple):
    """A command that has ended: its exit code, and what it, and the libraries below it, wrote to either stream."""

    code: int
    out: str
    err: str


Command = Callable[..., Ended]


@pytest.fixture
def imagebus(capfd: pytest.CaptureFixture[str]) -> Command:
    """Run a command that ends by itself: imagebus(*arguments, env=…)."""

    def run(*arguments: object, env: Mapping[str, str] | None = None) -> Ended:
        capfd.readouterr()
        given = patch.object(sys, "argv", ["imagebus", *map(str, arguments)])
        with patch.dict(os.environ, env or {}), given, pytest.raises(SystemExit) as ended:
            main()
        return Ended(int(ended.value.code or 0), *capfd.readouterr())

    return run
