"""The linear assignment problem: match rows with columns, each at most once, at the least total cost."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Costs = NDArray[np.float64]


def assign(costs: Costs, max_cost: float) -> list[tuple[int, int]]:
    """The matched (row, column) pairs of least total cost; a row may stay unmatched at the price of `max_cost`.

    `costs` has the shape (rows, columns); no pair that costs `max_cost` or more is given. Shortest augmenting paths
    (Jonker and Volgenant's form of the Hungarian algorithm).
    """
    rows, columns = costs.shape
    # One dummy column a row: to stay unmatched.
    padded = np.hstack([np.minimum(costs, max_cost), np.full((rows, rows), max_cost)])
    row_of = np.full(columns + rows, -1)
    of_rows, of_columns = np.zeros(rows), np.zeros(columns + rows)
    for row in range(rows):
        _augment(padded, row, row_of, of_rows, of_columns)
    found = ((int(row_of[column]), column) for column in range(columns) if row_of[column] >= 0)
    return sorted((row, column) for row, column in found if costs[row, column] < max_cost)


def _augment(costs: Costs, row: int, row_of: NDArray[np.int64], of_rows: Costs, of_columns: Costs) -> None:
    """Assign one more row along a shortest augmenting path; `of_rows` and `of_columns` are the dual variables."""
    width = costs.shape[1]
    least, before = np.full(width, np.inf), np.full(width, -1)
    done = np.zeros(width, bool)
    column, current = -1, row
    while current >= 0:
        reached = costs[current] - of_rows[current] - of_columns
        better = ~done & (reached < least)
        least[better], before[better] = reached[better], column
        column = int(np.where(done, np.inf, least).argmin())
        step = least[column]
        of_rows[row] += step
        of_rows[row_of[done]] += step
        of_columns[done] -= step
        least[~done] -= step
        done[column] = True
        current = int(row_of[column])
    while column >= 0:
        row_of[column] = row_of[before[column]] if before[column] >= 0 else row
        column = int(before[column])
