"""Secrets from the environment: no command line and no repr shows them."""

from __future__ import annotations

import os
from collections.abc import Mapping

from functions.errors import UsageError

_PREFIX = "env:"


class Secret(str):
    """A text that is never shown by accident: its repr, and that of whatever holds it, hides it."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "'***'"


def from_environment(text: str, what: str, kind: type[UsageError], environ: Mapping[str, str] = os.environ) -> str:
    """The text itself, or what the variable holds that `env:NAME` names. Raises `kind`, with `what` it is for."""
    if not text.startswith(_PREFIX):
        return text
    name = text.removeprefix(_PREFIX)
    if not environ.get(name):
        raise kind(f"{text}: expected {what} in the environment variable {name}, got none")
    return environ[name]
