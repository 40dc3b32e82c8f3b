"""What the default chain shows of true people, over a folder of sequences: `make bench-privacy FOLDER=sequences`.

People go through `detect_people` and `redact` as they ship, faces (`bench/truth.py` says which those are) through the
faces chain. A row for each sequence and one for all: `bench/misses.py` says what is in it, and `bound` counts people.
`hidden` and `times` are those after the first second, since a start is covered wholly; `black` is the share of wholly
covered pictures then, `ms` the CPU time of detector and redactor. Of stills, and of sequences of less than two seconds,
each picture is alone: nothing before or after it, and no motion. `ONLY='mot* tud*'` are sequences by name.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from fnmatch import fnmatch
from functools import cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from bench.misses import Misses, columns, together
from bench.truth import Footage, read_footage
from functions import Frame
from functions.geometry.masks import mask_of, pixels
from streams import settings
from streams.chain import types as chains
from streams.chain.function_options import registered
from streams.files.steps import Step, step
from streams.verify.truth import Box

_CHAINS = Path(chains.__file__).parents[1]
_ALONE = {"hold_s": 0.0, "look_ahead_s": 0.0, "motion": False}


def of_folder(folder: Path) -> None:
    """Measure and print, a row each."""
    cv2.setNumThreads(1)
    only = (os.environ.get("ONLY") or "*").split()
    for of_faces in (False, True):
        footage = [each for each in read_footage(folder) if each.of_faces == of_faces]
        rows: list[Misses] = []
        blacks: list[float] = []
        for each in footage:
            if any(fnmatch(each.name, one) for one in only):
                if not rows:
                    print(f"{'faces' if of_faces else 'people':24}{columns(of_faces)}{'black':>8}")
                row, black = _measured(each)
                rows.append(row)
                blacks += black
                print(f"  {each.name:22}{row.row()}{np.mean(black):8.3f}", flush=True)
        if rows:
            print(f"  {'all':22}{together(rows).row()}{np.mean(blacks):8.3f}", flush=True)


def _measured(footage: Footage) -> tuple[Misses, list[float]]:
    alone = footage.stills or max(footage.people) < 2 * footage.fps
    boxes: list[tuple[str, float, float]] = []
    pictures: list[tuple[float, float, float]] = []
    blacks: list[float] = []
    began = time.process_time()
    for frame in _redacted(footage, alone):
        hidden, people = (frame.image == 0).all(axis=2), footage.people.get(frame.seq + 1, {})
        ms = 1000 * (time.process_time() - began)
        boxes += [(person, box[3] - box[1], _cover(hidden, box)) for person, box in people.items()]
        if alone or frame.seq >= footage.fps:
            true = float((mask_of(frame.size_wh, people.values()) > 0).mean())
            if people:
                pictures.append((float(hidden.mean()), true, ms))
            blacks.append(float(hidden.mean() > 0.995))
        began = time.process_time()
    return Misses(footage, boxes, pictures), blacks


def _redacted(footage: Footage, alone: bool) -> Iterator[Frame]:
    detect, redact = _steps(footage.of_faces, alone)
    if not alone:
        yield from redact(detect(_shots(footage)))
        return
    for shot in _shots(footage):
        yield from redact(detect([shot]))


@cache
def _steps(of_faces: bool, alone: bool) -> tuple[Step, Step]:
    """Detector and redactor of the chain, with the options that its file gives them."""
    chain, known = chains.load(str(_CHAINS / ("chain-faces.toml" if of_faces else "chain.toml"))), _functions()
    found, hidden = chain.stages["detect"], chain.stages["redact"]
    options = {**hidden.options, **(_ALONE if alone else {})}
    detect = step(known[found.function], known[found.function].validate(found.options))
    return detect, step(known[hidden.function], known[hidden.function].validate(options))


def _functions() -> Mapping[str, Any]:
    return registered(settings.load())


def _shots(footage: Footage) -> Iterator[Frame]:
    """All pictures, in which nothing is black: what is black later is covered."""
    for number, image in footage.images():
        shot = Frame.from_image(np.maximum(image, 1).astype(np.uint8))
        at = round((number - 1) / footage.fps * 1e6)
        yield replace(shot, id=f"{'0' * 12}-{number - 1}", seq=number - 1, captured_at=at)


def _cover(hidden: np.ndarray, box: Box) -> float:
    part = hidden[pixels(box)]
    return float(part.mean()) if part.size else 1.0
