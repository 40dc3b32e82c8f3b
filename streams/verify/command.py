"""`imagebus verify RAW REDACTED`: an independent look at a redacted file, whoever redacted it."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import click
import cv2
from tqdm import tqdm

from functions.core.errors import UsageError
from functions.core.frame import Frame
from streams import settings
from streams.chain.function_options import registered
from streams.producer.urls import SourceError
from streams.verify.looking import FACE, PEOPLE, PERSON, detectors
from streams.verify.pairs import Pairs, pairs_of
from streams.verify.report import Report, as_json, as_junit, write
from streams.verify.result import Check, Result
from streams.verify.truth import read_people
from streams.verify.verifying import Asked, unreadable, verify
from streams.verify.worst import Worst, WorstFrame

# What a shell says of a process that Ctrl-C ended: neither "passed" nor "leaks".
_INTERRUPTED = 130
_MARKS = {True: "ok  ", False: "FAIL", None: "--  "}
_PATH = click.Path(path_type=Path)

Found = tuple[Result, Sequence[WorstFrame]]


@click.command("verify")
@click.argument("raw", type=_PATH)
@click.argument("redacted", type=_PATH)
@click.option("--people", "labels", flag_value=PERSON, help="Look for people only; else for people and faces.")
@click.option("--faces", "labels", flag_value=FACE, help="Look for faces only, where only faces were to be hidden.")
@click.option(
    "--redacted-by",
    type=click.Choice([*PEOPLE]),
    default="detect_people",
    show_default=True,
    help="The detector that redacted; another one looks at the result.",
)
@click.option(
    "--threshold",
    type=click.FloatRange(0, 1),
    default=0.0,
    show_default=True,
    help="Pass with at most this share of boxes in which somebody shows.",
)
@click.option("--allow-sound", is_flag=True, help="Sound may be heard in the redacted file.")
@click.option("--truth", type=_PATH, help="CSV of true boxes of people: frame,person,left,top,width,height.")
@click.option("--report", type=_PATH, help="Write a page with the worst frames, which shows leaks, to this new folder.")
@click.option("--json", "json_file", type=_PATH, help="Write the figures as JSON to this file.")
@click.option("--junit", type=_PATH, help="Write the checks as JUnit XML to this file.")
def verify_(
    raw: Path,
    redacted: Path,
    labels: str | None,
    redacted_by: str,
    threshold: float,
    allow_sound: bool,
    truth: Path | None,
    report: Path | None,
    json_file: Path | None,
    junit: Path | None,
) -> None:
    """Look for what a redacted file still shows of its raw one: videos, pictures, or folders of them.

    Exit code 0 where nothing shows, 1 where something does or cannot be told, 2 for misuse.
    """
    pairs = pairs_of(raw, redacted)
    if truth and raw.is_dir():
        raise UsageError(f"--truth {truth}: expected two files, got the folder {raw}")
    for path in (json_file, junit):
        _refuse_unwritable(path, raw, redacted)
    page, people = Report(report) if report else None, read_people(truth) if truth else None
    try:
        looking = detectors(registered(settings.load()), [labels] if labels else [PERSON, FACE], redacted_by)
        found = _all(pairs, Asked(looking, people, threshold, allow_sound), wanted=page is not None)
    except KeyboardInterrupt:
        sys.exit(_INTERRUPTED)
    results = [result for result, _ in found]
    for path, text in ((json_file, as_json), (junit, as_junit)):
        if path:
            write(path, text(results))
    if page:
        page.write(found)
        _say(f"{page.page}: shows what should have been hidden, where something is; keep it as you keep the raw file")
    sys.exit(0 if all(result.passed for result in results) else 1)


def _all(pairs: Pairs, asked: Asked, wanted: bool) -> list[Found]:
    cv2.setNumThreads(1)  # frames run side by side
    found: list[Found] = []
    for raw, redacted in pairs.both:
        worst = Worst(wanted)
        try:
            result = verify(raw, redacted, asked, worst, _progress, _say)
        except SourceError as error:
            result = unreadable(str(raw), str(redacted), asked, str(error))
        _print(result)
        found.append((result, worst.frames))
    for path in pairs.only_redacted:
        found.append((unreadable("", str(path), asked, "there is no raw file of this name"), ()))
        _print(found[-1][0])
    if pairs.others:
        _say(f"Not looked at, since they are neither pictures nor videos: {', '.join(map(str, pairs.others))}")
    if pairs.only_raw:
        _say(f"{len(pairs.only_raw)} raw files have no redacted one")
    return found


def _progress(frames: Iterator[Frame], total: int | None, what: str) -> Iterator[Frame]:
    yield from tqdm(frames, total=total, unit="frame", desc=what, disable=None if total != 1 else True)


def _print(result: Result) -> None:
    click.echo(f"{result.redacted}: {'passed' if result.passed else 'failed'} ({result.detectors})")
    for check in result.checks:
        click.echo(_described(check))
    if result.truth:
        click.echo("  by true boxes: " + ", ".join(f"{name} {value:g}" for name, value in result.truth.items()))


def _described(check: Check) -> str:
    lines = [f"  {_MARKS[check.passed]} {check.name}: {check.text}", *(f"         {each}" for each in check.details)]
    return "\n".join(lines)


def _refuse_unwritable(path: Path | None, raw: Path, redacted: Path) -> None:
    if path is None:
        return
    if not path.parent.is_dir():
        raise UsageError(f"{path}: cannot be written: there is no folder {path.parent}")
    if path.is_dir() or (path.exists() and any(path.samefile(each) for each in (raw, redacted))):
        raise UsageError(f"{path}: expected the name of a file of its own")


def _say(text: str) -> None:
    tqdm.write(text, file=sys.stderr)
