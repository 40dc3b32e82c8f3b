"""Why a frame may not be shown: reasons to doubt that what must be hidden was looked for."""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import lru_cache

from functions import registry
from functions.errors import UsageError
from functions.frame import Frame
from functions.labels import plain


class Doubt(UsageError):
    """A frame is not shown, since it is not sure that all was found that must be hidden."""


def doubt_of(frame: Frame, labels: Iterable[str], trusted: Iterable[str]) -> str | None:
    """Why what was found in the frame may not be all, None if nothing speaks for that.

    `trusted` names functions that count as detectors of whatever is asked for.
    """
    if any(hop.function in set(trusted) for hop in frame.hops):
        findable = None
    else:
        found = [_findable(hop.function, json.dumps(hop.options)) for hop in frame.hops]
        looked = [names for names in found if names is not None]
        if not looked:
            return "no detector among the hops"
        findable = frozenset().union(*looked)
    return _missing(labels, findable) or _misplaced(frame)


def _missing(labels: Iterable[str], findable: frozenset[str] | None) -> str | None:
    missing = [label for label in labels if findable is not None and plain(label) not in findable]
    return f"no detector among the hops that can find {', '.join(missing)}"[:200] if missing else None


def _misplaced(frame: Frame) -> str | None:
    width, height = frame.size_wh
    for found in frame.detections:
        x1, y1, x2, y2 = found.xyxy
        if not (0 <= x1 <= x2 <= width and 0 <= y1 <= y2 <= height):  # false for NaN, too
            return f"detections of another size than the picture's {width}x{height}"
    return None


@lru_cache(maxsize=64)  # what comes says what is asked
def _findable(name: str, options: str) -> frozenset[str] | None:
    """The labels that a detector can find with these options, None where it is none or cannot be asked."""
    spec = registry.find(name)
    if spec is None or spec.labels is None:
        return None
    try:
        return frozenset(map(plain, spec.findable(spec.validate(json.loads(options)))))
    except Exception:  # a hop may hold whatever another program wrote
        return None
