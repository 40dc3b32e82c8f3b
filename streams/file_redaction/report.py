"""The report of a run: `report.json`, and `index.html` with the frames most in doubt, small and redacted."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator, Sequence
from html import escape
from pathlib import Path

import msgspec

from streams.file_redaction.job import Done
from streams.file_redaction.place import Place
from streams.file_redaction.tally import Outcome, WorstFrame

_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 70rem; padding: 0 1rem; color: #1b1b1b; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: .3rem .6rem; vertical-align: top; }
tr { border-bottom: 1px solid #ccc; } .number { text-align: right; font-variant-numeric: tabular-nums; }
.frames { display: flex; flex-wrap: wrap; gap: 1rem; } figure { margin: 0; width: 20rem; } img { max-width: 100%; }
@media (prefers-color-scheme: dark) { body { background: #161616; color: #e8e8e8; } tr { border-color: #444; } }
"""
_HEADS = ("file", "frames", "seconds", "hidden", "in doubt", "seen", "what else")


def write_report(folder: Path, done: Sequence[Done]) -> Path:
    """Write both, and say where the page is. Raises ResultError."""
    outcomes = [each.outcome for each in done]
    _write(folder / "report.json", msgspec.json.format(msgspec.json.encode({"files": outcomes})) + b"\n")
    _write(folder / "index.html", "\n".join(_page(done)).encode())
    return folder / "index.html"


def _write(path: Path, data: bytes) -> None:
    with Place(path) as place:
        place.file.write(data)
        place.keep()


def _page(done: Sequence[Done]) -> Iterator[str]:
    yield '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>imagebus redact</title>'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield f"<style>{_STYLE}</style></head><body><main><h1>What was redacted</h1>"
    yield f"<table><thead><tr>{_cells(_HEADS, 'th')}</tr></thead><tbody>"
    for each in done:
        yield f"<tr>{_row(each.outcome)}</tr>"
    yield "</tbody></table>"
    for each in done:
        yield from _worst(each.outcome, each.tally.worst)
    yield "</main></body></html>"


def _row(outcome: Outcome) -> str:
    numbers = (
        str(outcome.frames),
        f"{outcome.seconds:.1f}",
        f"{outcome.hidden:.1%}",
        str(outcome.in_doubt),
        str(outcome.people),
    )
    doubts = [f"{count} covered wholly: {why}" for why, count in outcome.doubts.items()]
    failed = [f"no result: {outcome.failed}"] if outcome.failed else []
    notes = [*failed, *doubts, *outcome.notes]
    return _cells((outcome.source,)) + _cells(numbers, "td", "number") + _cells(("; ".join(notes),))


def _worst(outcome: Outcome, frames: Iterable[WorstFrame]) -> Iterator[str]:
    shown = [_figure(each) for each in frames]
    if shown:
        yield f"<h2>{escape(outcome.name)}: the frames most in doubt, as they are in the result</h2>"
        yield f'<div class="frames">{"".join(shown)}</div>'


def _figure(frame: WorstFrame) -> str:
    data = base64.b64encode(frame.picture).decode()
    where = f"frame {frame.number}, {frame.at_s:.2f} s, {frame.hidden:.0%} hidden"
    caption = f"<figcaption>{where}: {escape(frame.why)}</figcaption>"
    return f'<figure><img alt="{where}" src="data:image/jpeg;base64,{data}">{caption}</figure>'


def _cells(values: Iterable[str], tag: str = "td", kind: str = "") -> str:
    attribute = f' class="{kind}"' if kind else ""
    return "".join(f"<{tag}{attribute}>{escape(value)}</{tag}>" for value in values)
