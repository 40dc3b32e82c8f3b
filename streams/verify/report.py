"""The report: an HTML page with the worst redacted frames, JSON, and JUnit XML. Only the page holds pictures."""

from __future__ import annotations

import base64
import os
import xml.etree.ElementTree as ET
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path

import msgspec

from functions.core.errors import UsageError
from streams.verify.result import Check, Result
from streams.verify.worst import WorstFrame

_MINE, _MINE_ALONE = 0o600, 0o700
_MARKS = {True: "passed", False: "failed", None: "allowed"}
_HEAD = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>imagebus verify</title>
<style>
:root { color-scheme: light dark; font: 15px/1.5 system-ui, sans-serif; font-variant-numeric: tabular-nums }
body { max-width: 72rem; margin: 2rem auto; padding: 0 1rem }
table { border-collapse: collapse } td, th { padding: .25rem 1rem .25rem 0; text-align: left; vertical-align: top }
.failed { color: #d33; font-weight: 600 } .passed { color: #292 } .allowed { color: #b70 }
.leaks { border: 2px solid #d33; padding: .5rem 1rem } bdi { overflow-wrap: anywhere }
figure { display: inline-block; margin: 0 1rem 1rem 0; max-width: 360px } figcaption { font-size: .85rem }
</style>
"""
_WARNING = (
    "<p class=leaks><strong>This page shows what should have been hidden.</strong> Its pictures are of the redacted "
    "file, small, where somebody can still be seen in it. Keep it as you keep the raw file; delete it when done.</p>"
)


class Report:
    """A new folder, for its owner alone, that a page is written into. Raises UsageError for one that is not empty."""

    def __init__(self, folder: Path) -> None:
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise UsageError(f"{folder}: expected an empty folder, or none, for the report")
        self.page = folder / "index.html"

    def write(self, results: Sequence[tuple[Result, Sequence[WorstFrame]]]) -> None:
        """Write the page. Raises UsageError."""
        try:
            self.page.parent.mkdir(mode=_MINE_ALONE, parents=True, exist_ok=True)
        except OSError as error:
            raise UsageError(f"{self.page.parent}: cannot be written: {error.strerror}") from None
        with_pictures = any(frames for _, frames in results)
        body = [_section(result, frames) for result, frames in results]
        write(self.page, "\n".join([_HEAD, "<h1>imagebus verify</h1>", _WARNING if with_pictures else "", *body]))


def write(path: Path, text: str) -> None:
    """Write a file for its owner alone, whole or not at all. Raises UsageError."""
    part = path.with_name(f".{path.name}.part")
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, _MINE), "w", encoding="utf-8") as file:
            file.write(text)
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise UsageError(f"{path}: cannot be written: {error.strerror}") from None


def as_json(results: Sequence[Result]) -> str:
    """All results as JSON, figures and findings."""
    whole = {"passed": all(each.passed for each in results), "results": results}
    return msgspec.json.format(msgspec.json.encode(whole), indent=2).decode() + "\n"


def as_junit(results: Sequence[Result]) -> str:
    """All results as JUnit XML: a suite for each pair of files, a test case for each check."""
    suites = ET.Element("testsuites", name="imagebus verify")
    for result in results:
        failed = sum(check.passed is False for check in result.checks)
        name = _plain(result.redacted)
        suite = ET.SubElement(suites, "testsuite", name=name, tests=str(len(result.checks)), failures=str(failed))
        for check in result.checks:
            _case(suite, name, check)
    ET.indent(suites)
    return ET.tostring(suites, encoding="unicode", xml_declaration=True) + "\n"


def _case(suite: ET.Element, name: str, check: Check) -> None:
    case = ET.SubElement(suite, "testcase", classname=name, name=check.name)
    if check.passed is False:
        failure = ET.SubElement(case, "failure", message=_plain(check.text))
        failure.text = "\n".join(map(_plain, check.details))


def _section(result: Result, frames: Sequence[WorstFrame]) -> str:
    rows = [_row(check) for check in result.checks]
    return "\n".join(
        [
            f"<h2><bdi>{_safe(result.redacted)}</bdi>: {_marked(result.passed)}</h2>",
            f"<p>Against <bdi>{_safe(result.raw)}</bdi>. Detectors, {_safe(result.detectors)}.</p>",
            f"<table>{''.join(rows)}</table>",
            *([_table("By true boxes", result.truth)] if result.truth else []),
            *map(_picture, frames),
        ]
    )


def _row(check: Check) -> str:
    details = "".join(f"<br><bdi>{_safe(each)}</bdi>" for each in check.details)
    return f"<tr><th>{check.name}<td>{_marked(check.passed)}<td>{_safe(check.text)}{details}"


def _table(title: str, figures: Mapping[str, float]) -> str:
    rows = "".join(f"<tr><th>{name.replace('_', ' ')}<td>{value:g}" for name, value in figures.items())
    return f"<h3>{title}</h3><table>{rows}</table>"


def _picture(frame: WorstFrame) -> str:
    first = frame.exposed[0]
    whys = ", ".join(dict.fromkeys(f"a {found.label} {found.why}" for found in frame.exposed))
    said = f"Frame {first.frame + 1} at {first.at_s:.2f} s (raw frame {first.raw_frame + 1}): {whys}"
    data = base64.b64encode(frame.jpeg).decode()
    return f'<figure><img alt="" src="data:image/jpeg;base64,{data}"><figcaption>{_safe(said)}</figcaption></figure>'


def _marked(passed: bool | None) -> str:
    return f"<span class={_MARKS[passed]}>{_MARKS[passed]}</span>"


def _safe(text: str) -> str:
    return escape(_plain(text))


def _plain(text: str) -> str:
    """Without what neither XML nor UTF-8 can hold, which names of files may."""
    return "".join(each if each.isprintable() else "?" for each in text)
