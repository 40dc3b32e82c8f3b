"""What an ONNX file says of itself in its metadata, in the ways in which exporters write it."""

from __future__ import annotations

import ast
import json
from collections.abc import Mapping
from math import prod
from pathlib import Path
from typing import Any

from functions.core.frame import Size
from functions.models.families import Claims
from functions.models.weights import WeightsError

# Of the tasks of Ultralytics' exports, those whose outputs hold upright boxes.
_TASKS = ("detect", "pose", "segment")
_LONGEST = 60


def claims_of(path: Path, metadata: Mapping[str, str]) -> Claims:
    """Its task, names and key points. Raises WeightsError for a task without upright boxes, or what cannot be read."""
    task = metadata.get("task", "").strip().lower() or "detect"
    if task not in _TASKS:
        raise WeightsError(f"Model {path}, task: expected one of {', '.join(_TASKS)}, got {_short(task)}")
    keypoints = _numbers(path, metadata, "kpt_shape")
    return Claims(
        task, _names(path, metadata["names"]) if "names" in metadata else (), int(prod(keypoints)) if keypoints else 0
    )


def trained_wh(path: Path, metadata: Mapping[str, str]) -> Size | None:
    """The size of picture that it was trained with, where it says so. Raises WeightsError for what is no size."""
    sides = _numbers(path, metadata, "imgsz")
    if not sides:
        return None
    if len(sides) > 2 or not all(1 <= side <= 4096 for side in sides):
        raise WeightsError(
            f"Model {path}, imgsz: expected height and width up to 4096, got {_short(metadata['imgsz'])}"
        )
    return sides[-1], sides[0]


def _names(path: Path, text: str) -> tuple[str, ...]:
    """The names of the classes, written as Python, as JSON, or with commas."""
    said = _value(text)
    if not said:
        raise WeightsError(f"Model {path}, names: expected a name for each class, got {_short(text) or 'none'}")
    if isinstance(said, str) and not said.startswith(("{", "[", "(")):
        said = [name.strip() for name in said.split(",")]
    if isinstance(said, dict):
        said = _in_order(path, said)
    if not isinstance(said, list | tuple) or any(isinstance(name, list | tuple | dict) for name in said):
        raise WeightsError(f"Model {path}, names: expected a name for each class, got {_short(text)}")
    return tuple(str(name) for name in said)


def _in_order(path: Path, said: dict[Any, Any]) -> list[Any]:
    numbered = {str(key).strip(): name for key, name in said.items()}
    keys = [str(index) for index in range(len(numbered))]
    if set(keys) != set(numbered) or len(numbered) != len(said):
        raise WeightsError(f"Model {path}, names: expected classes from 0 to {len(said) - 1}, got {_short(str(said))}")
    return [numbered[key] for key in keys]


def _numbers(path: Path, metadata: Mapping[str, str], key: str) -> list[int]:
    said = _value(metadata.get(key, ""))
    if said is None or said == "":
        return []
    values = said if isinstance(said, list | tuple) else [said]
    if not all(isinstance(value, int) and not isinstance(value, bool) for value in values):
        raise WeightsError(f"Model {path}, {key}: expected whole numbers, got {_short(metadata[key])}")
    return list(values)


def _value(text: str) -> Any:
    """The value that a text means, in Python or JSON; the text itself where it is neither."""
    for read in (json.loads, ast.literal_eval):
        try:
            return read(text)
        except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
            continue
    return text.strip()


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]}…"
