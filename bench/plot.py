"""Lines over time as SVG, for the pages of the docs."""

from __future__ import annotations

import html
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

Points = Sequence[tuple[float, float]]

_WIDTH, _HEIGHT = 760, 260
_LEFT, _RIGHT, _TOP, _BOTTOM = 60, 150, 34, 40
_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000", "#999999")
_TICKS = 5


@dataclass(frozen=True)
class Axes:
    """What one plot shows: its lines by name, and what its axes are."""

    title: str
    x: str
    y: str
    lines: Mapping[str, Points]

    @property
    def most(self) -> tuple[float, float]:
        """The largest x and y; axes begin at 0."""
        points = [point for line in self.lines.values() for point in line] or [(1.0, 1.0)]
        return max(x for x, _ in points) or 1.0, 1.1 * max(y for _, y in points) or 1.0


def page(plots: Sequence[Axes]) -> str:
    """The plots below one another."""
    height = _HEIGHT * len(plots)
    body = "".join(f'<g transform="translate(0 {at * _HEIGHT})">{_plot(axes)}</g>' for at, axes in enumerate(plots))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" font-family="sans-serif" '
        f'font-size="12"><rect width="{_WIDTH}" height="{height}" fill="white"/>{body}</svg>\n'
    )


def _plot(axes: Axes) -> str:
    return "".join((_words(_LEFT, 20, axes.title, weight="bold"), *_grid(axes), *_lines(axes)))


def _grid(axes: Axes) -> Iterator[str]:
    most_x, most_y = axes.most
    for tick in range(_TICKS + 1):
        x, y = most_x * tick / _TICKS, most_y * tick / _TICKS
        left, top = _at(axes, (x, y))
        yield f'<path d="M{_LEFT} {top:.1f}H{_WIDTH - _RIGHT}" stroke="#ddd"/>'
        yield _words(_LEFT - 8, top + 4, f"{y:.3g}", anchor="end") + _words(left, _HEIGHT - 22, f"{x:.3g}", "middle")
    yield _words((_LEFT + _WIDTH - _RIGHT) / 2, _HEIGHT - 6, axes.x, "middle") + _words(4, 34, axes.y)


def _lines(axes: Axes) -> Iterator[str]:
    for at, (name, points) in enumerate(axes.lines.items()):
        colour = _COLOURS[at % len(_COLOURS)]
        places = " ".join("{:.1f},{:.1f}".format(*_at(axes, point)) for point in points)
        yield f'<polyline points="{places}" fill="none" stroke="{colour}" stroke-width="1.5"/>'
        yield _words(_WIDTH - _RIGHT + 10, _TOP + 14 + 16 * at, name, colour=colour)


def _at(axes: Axes, point: tuple[float, float]) -> tuple[float, float]:
    (x, y), (most_x, most_y) = point, axes.most
    across, up = x / most_x * (_WIDTH - _LEFT - _RIGHT), y / most_y * (_HEIGHT - _TOP - _BOTTOM)
    return _LEFT + across, _HEIGHT - _BOTTOM - up


def _words(x: float, y: float, text: str, anchor: str = "start", colour: str = "#333", weight: str = "normal") -> str:
    style = f'text-anchor="{anchor}" fill="{colour}" font-weight="{weight}"'
    return f'<text x="{x:.1f}" y="{y:.1f}" {style}>{html.escape(text)}</text>'
