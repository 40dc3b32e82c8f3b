"""The cheapest pairing, beside scipy's."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment

from functions.tracking.assignment import assign


@pytest.mark.parametrize("seed", range(200))
def test_no_pairing_is_cheaper(seed: int) -> None:
    random = np.random.default_rng(seed)
    rows, columns = random.integers(0, 9, 2)
    costs = random.random((rows, columns)) * 5
    costs = np.round(costs) if seed % 3 == 0 else costs  # ties

    found = assign(costs, 3.0)

    alone = np.hstack([np.minimum(costs, 3.0), np.full((rows, rows), 3.0)])
    least = alone[linear_sum_assignment(alone)].sum()
    assert sum(costs[at] for at in found) + 3.0 * (rows - len(found)) == pytest.approx(least)
    assert len({row for row, _ in found}) == len({column for _, column in found}) == len(found)
    assert all(costs[at] < 3.0 for at in found)
