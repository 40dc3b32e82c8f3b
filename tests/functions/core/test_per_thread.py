"""Each thread has a network of its own, made once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from functions.core.per_thread import per_thread


def test_a_thread_keeps_what_it_made_for_the_same_arguments() -> None:
    @per_thread
    def net(name: str, size: int = 1) -> object:
        return object()

    assert net("a") is net("a")
    assert net("a") is not net("b")
    assert net("a", size=2) is net("a", size=2)
    assert net("a", size=2) is not net("a", size=3)


def test_no_two_threads_share_one() -> None:
    @per_thread
    def net() -> object:
        return object()

    together = Barrier(4)

    def ask(_: int) -> object:
        together.wait()
        return net()

    with ThreadPoolExecutor(4) as threads:
        assert len(set(threads.map(ask, range(4)))) == 4


def test_what_failed_is_tried_again() -> None:
    answers = iter([ValueError("not yet"), "made"])

    @per_thread
    def net() -> str:
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    with pytest.raises(ValueError, match="not yet"):
        net()
    assert net() == "made"
