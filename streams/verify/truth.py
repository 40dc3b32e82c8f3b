"""True boxes of people from a CSV: `frame,person,left,top,width,height`, frames counted from 1."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

from functions.core.errors import UsageError

Box = tuple[float, float, float, float]
People = Mapping[int, Mapping[str, Box]]

_SIDES = ("left", "top", "width", "height")
_COLUMNS = ("frame", "person", *_SIDES)


def read_people(path: Path) -> People:
    """True boxes (left, top, right, bottom in pixels) by frame and person. Raises UsageError for another file."""
    people: dict[int, dict[str, Box]] = defaultdict(dict)
    try:
        with path.open(newline="") as file:
            for number, row in enumerate(csv.DictReader(file), 2):
                _read(people, row, f"{path}, line {number}")
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UsageError(f"{path}: cannot be read: {getattr(error, 'strerror', None) or error}") from None
    if not people:
        raise UsageError(f"{path}: expected true boxes ({','.join(_COLUMNS)}), got none")
    return people


def box_of(row: Mapping[str, str]) -> Box:
    """The box of a row with `left`, `top`, `width` and `height`. Raises KeyError, TypeError or ValueError."""
    left, top, width, height = (float(row[name]) for name in _SIDES)
    return left, top, left + width, top + height


def _read(people: dict[int, dict[str, Box]], row: Mapping[str, str], where: str) -> None:
    try:
        people[int(row["frame"])][row["person"]] = box_of(row)
    except (KeyError, TypeError, ValueError):
        got = ",".join(f"{name}={value}" for name, value in row.items())
        raise UsageError(f"{where}: expected {','.join(_COLUMNS)} with numbers, got {got}") from None
