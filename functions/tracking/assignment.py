"""The cheapest way to pair two groups, each member once: the assignment problem."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Costs = NDArray[np.float64]


def pair(costs: Costs, most: float) -> list[tuple[int, int]]:
    """Rows and columns so paired that the sum is least, where a pair costs less than `most`, which being alone costs.

    `costs` has the shape (rows, columns). Shortest augmenting paths (Kuhn and Munkres, as Jonker and Volgenant do it).
    """
    rows, columns = costs.shape
    # Each row has a column of its own in which it is alone.
    padded = np.hstack([np.minimum(costs, most), np.full((rows, rows), most)])
    row_of = np.full(columns + rows, -1)
    of_rows, of_columns = np.zeros(rows), np.zeros(columns + rows)
    for row in range(rows):
        _augment(padded, row, row_of, of_rows, of_columns)
    found = ((int(row_of[column]), column) for column in range(columns) if row_of[column] >= 0)
    return sorted((row, column) for row, column in found if costs[row, column] < most)


def _augment(costs: Costs, row: int, row_of: NDArray[np.int64], of_rows: Costs, of_columns: Costs) -> None:
    """Give one more row its column, moving others where that is cheaper; prices are those of the dual problem."""
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
