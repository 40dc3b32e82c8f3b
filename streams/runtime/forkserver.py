"""Children that are forked from a process which has loaded all they need and runs no threads: they share its memory."""

from __future__ import annotations

import os
from collections.abc import Mapping
from multiprocessing import get_context
from multiprocessing.context import ForkServerContext

# Linear algebra would begin threads in each.
_ENV = {"OPENBLAS_NUM_THREADS": "1"}


def forkserver(module: str, env: Mapping[str, str] | None = None) -> ForkServerContext:
    """Begins children of that module. `env` is read when they begin; what is set already stays."""
    for name, value in {**_ENV, **(env or {})}.items():
        os.environ.setdefault(name, value)
    context = get_context("forkserver")
    context.set_forkserver_preload([module])
    return context
