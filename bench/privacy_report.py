"""The report of `make bench-privacy`: Markdown, plots, and the ten frames that show most."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import cv2
import numpy as np

from bench.exposure import FIGURES, Cover, Figures

OUT = Path(__file__).with_name("out") / "privacy"
COLUMNS = "".join(f"{name:>19}" for name in FIGURES)
_COLOURS = {"grey": (180, 180, 180), "orange": (0, 159, 230), "blue": (233, 180, 86), "green": (115, 158, 0)}
_SIZE_WH = (800, 300)
_WORST = 10

Measured = Mapping[str, tuple[Figures, Sequence[Cover]]]


def row(figures: Figures) -> str:
    """One line under COLUMNS."""
    return "".join(f"{value:19g}" for value in figures.values())


def write(video: Path, detector: str, measured: Measured) -> Path:
    """Write it and say where it is."""
    OUT.mkdir(parents=True, exist_ok=True)
    for old in OUT.glob("worst-*.jpg"):
        old.unlink()
    plots = {"masked": _shares(measured), "least-covered": _least(measured)}
    for name, curves in plots.items():
        cv2.imwrite(str(OUT / f"{name}.png"), _plot(curves))
    worst = _worst(measured["default"][1])
    report = OUT / "report.md"
    report.write_text("\n".join([*_table(video, detector, measured), *map(_picture, plots), "", *worst, ""]))
    return report


def _table(video: Path, detector: str, measured: Measured) -> list[str]:
    heads = ["", *FIGURES]
    rows = [[name, *(f"{value:g}" for value in figures.values())] for name, (figures, _) in measured.items()]
    table = ["| " + " | ".join(cells) + " |" for cells in (heads, ["---"] * len(heads), *rows)]
    names = ", ".join(f"{name} in {colour}" for name, colour in zip(measured, _COLOURS, strict=True))
    legend = f"The plots go from the first frame to the last and from 0 to 1: {names}."
    return [f"# Privacy of {video.name} with {Path(detector).name}", "", *table, "", legend, ""]


def _picture(name: str) -> str:
    return f"![{name}]({name}.png)"


def _shares(measured: Measured) -> list[list[float]]:
    return [[each.masked for each in found] for _, found in measured.values()]


def _least(measured: Measured) -> list[list[float]]:
    """Of each frame, the share of the person who is covered least."""
    return [[each.least for each in found] for _, found in measured.values()]


def _plot(curves: Sequence[Sequence[float]]) -> np.ndarray:
    width, height = _SIZE_WH
    image = np.full((height + 1, width, 3), 255, np.uint8)
    for curve, colour in zip(curves, _COLOURS.values(), strict=True):
        x = np.linspace(0, width - 1, len(curve))
        line = np.stack([x, height * (1 - np.array(curve))], axis=1).round().astype(np.int32)
        cv2.polylines(image, [line], isClosed=False, color=colour, thickness=1, lineType=cv2.LINE_AA)
    return image


def _worst(found: Sequence[Cover]) -> list[str]:
    """The frames of the default configuration in which somebody is covered least, as pictures."""
    shown = sorted((each for each in found if each.worst is not None), key=lambda each: min(each.whole.values()))
    lines = []
    for each in shown[:_WORST]:
        name = f"worst-{each.seq + 1}.jpg"
        cv2.imwrite(str(OUT / name), each.worst)
        person, share = min(each.whole.items(), key=lambda item: item[1])
        lines.append(f"Frame {each.seq + 1}: of person {person}, {share:.0%} is covered. ![]({name})\n")
    return lines
