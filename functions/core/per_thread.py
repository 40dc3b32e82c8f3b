"""One object a thread: neural networks that must never be shared between threads."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class _Made(threading.local):
    def __init__(self) -> None:
        self.by_arguments: dict[Any, Any] = {}


def per_thread(factory: Callable[P, T]) -> Callable[P, T]:
    """Call the factory once a thread for the same arguments (hashable), and give that result from then on.

    One network of OpenCV called from two threads gives wrong results without an error.
    """
    made = _Made()

    @wraps(factory)
    def of_this_thread(*args: P.args, **kwargs: P.kwargs) -> T:
        key = (args, tuple(sorted(kwargs.items())))
        if key not in made.by_arguments:
            made.by_arguments[key] = factory(*args, **kwargs)
        result: T = made.by_arguments[key]
        return result

    return of_this_thread
