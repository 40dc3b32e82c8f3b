"""A cache per thread, for objects that are not thread-safe, such as neural networks."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import cache, wraps
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


def per_thread(factory: Callable[P, T]) -> Callable[P, T]:
    """Call the factory once in each thread for the same (hashable) arguments."""
    local = threading.local()

    @wraps(factory)
    def of_this_thread(*args: P.args, **kwargs: P.kwargs) -> T:
        if not hasattr(local, "cached"):
            local.cached = cache(factory)
        result: T = local.cached(*args, **kwargs)
        return result

    return of_this_thread
