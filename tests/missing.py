"""What a test needs and the machine has not: skipped with a reason, a failure in CI."""

from __future__ import annotations

import os
from typing import NoReturn

import pytest

# What was missing and how to get it, for the last lines of the run.
seen: dict[str, str] = {}


def missing(what: str, how_to_get_it: str) -> NoReturn:
    """End this test: it needs `what`. The only skip there is."""
    seen[what] = how_to_get_it
    message = f"{what} is missing: {how_to_get_it}"
    if os.environ.get("CI") == "true":
        pytest.fail(message, pytrace=False)
    pytest.skip(message)
