"""Networks run in short arithmetic where that is quicker, and nowhere else."""

from __future__ import annotations

import pytest

from functions.models import precision
from functions.models.openvino_net import EXACT, preferred_precision
from functions.models.precision import least_s, quick_precision, quicker


@pytest.mark.parametrize(("share", "taken"), [(0.45, "bf16"), (0.85, "bf16"), (0.95, EXACT), (1.5, EXACT)])
def test_short_arithmetic_is_taken_where_it_takes_less_time(
    monkeypatch: pytest.MonkeyPatch, share: float, taken: str
) -> None:
    took = {EXACT: 0.004, "bf16": 0.004 * share}
    monkeypatch.setattr(precision, "least_s", lambda *precisions: [took[each] for each in precisions])
    assert quicker("bf16") == taken


def test_it_is_measured_on_this_processor() -> None:
    assert all(0 < seconds < 5 for seconds in least_s(EXACT, preferred_precision("CPU")))
    assert {quick_precision("CPU"), quick_precision("AUTO")} <= {EXACT, preferred_precision("CPU")}


def test_where_there_is_none_nothing_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(precision, "preferred_precision", lambda device: EXACT)
    monkeypatch.setattr(precision, "least_s", None)
    assert precision.quick_precision("GPU") == EXACT
