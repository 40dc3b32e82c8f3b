"""The result of a check as a page to keep: numbers, settings, versions, camera and times, and no picture."""

from __future__ import annotations

import html
import time
from collections.abc import Iterable, Sequence

import msgspec

from web.assets import layout
from web.check.tally import Check, Step, percent_up


def report(check: Check, topics: tuple[str, str]) -> str:
    """The page, a file that needs no other; `topics` are the raw one and the redacted one."""
    settings = check.settings
    parts = {
        "source": check.source,
        "sentence": check.random.sentence,
        "began": _when(check.began_at),
        "updated": _when(check.updated_at),
        "random": check.random.counts,
        "bound": percent_up(check.random.bound),
        "doubt": check.doubt.counts,
        "left": str(check.left),
        "topics": " and ".join(topics),
        "labels": ", ".join(settings.labels),
        "style": settings.style,
        "version": settings.version,
    }
    return layout.template("check-report").substitute(
        {name: html.escape(text) for name, text in parts.items()},
        hours=_hours(check.hours) if any(check.hours) else "",
        steps="\n".join(map(_row, settings.steps)),
    )


def _when(at: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(at))


def _hours(hours: Sequence[int]) -> str:
    heads, counts = _cells("th", (f"{hour:02}" for hour in range(24))), _cells("td", map(str, hours))
    return (
        "<h2>Random frames by the hour of the day (UTC)</h2>\n"
        f'<table class="hours"><thead><tr>{heads}</tr></thead><tbody><tr>{counts}</tr></tbody></table>'
    )


def _cells(tag: str, texts: Iterable[str]) -> str:
    return "".join(f"<{tag}>{text}</{tag}>" for text in texts)


def _row(step: Step) -> str:
    options = ", ".join(f"{name} = {msgspec.json.encode(value).decode()}" for name, value in step.options.items())
    said = f"{step.function} {step.version}{': ' if options else ''}{options}"
    return f'<tr><th scope="row">stage <bdi>{html.escape(step.stage)}</bdi></th><td>{html.escape(said)}</td></tr>'
