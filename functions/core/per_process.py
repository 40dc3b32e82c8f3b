"""A cache per process whose factory runs once, whatever the threads: for what takes long to make and is shared."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import lru_cache, wraps
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


def per_process(factory: Callable[P, T], at_most: int | None = None) -> Callable[P, T]:
    """A cache of the process: the factory is called once for the same arguments (hashable), never twice at a time.

    With `at_most`, what was asked for longest ago is forgotten where there are more.
    """
    cached, making = lru_cache(at_most)(factory), threading.Lock()

    @wraps(factory)
    def of_this_process(*args: P.args, **kwargs: P.kwargs) -> T:
        with making:
            return cached(*args, **kwargs)  # type: ignore[arg-type]

    return of_this_process
