"""`imagebus chain` checks a chain file and draws it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from streams.chain.types import ChainError
from streams.cli import imagebus

_TWO_CAMERAS = """
[stages.find]
function = "detect_people"
input = ["DOOR", "YARD"]
output = "FOUND"
options = { minimum_confidence = 0.4 }

[stages.redact]
function = "redact"
input = "FOUND"
output = "SHOWN"
options = { labels = ["person", "car"] }

[topics.DOOR]
[topics.YARD]
[topics.SHOWN]
redacted = true
"""


def _run(*words: str) -> str:
    return CliRunner().invoke(imagebus, ["chain", *words], catch_exceptions=False).output


def test_the_chain_that_ships_can_run_and_is_drawn() -> None:
    assert _run("check") == "3 stages over 4 topics: the chain can run\n"
    assert _run("show").splitlines() == [
        "SOURCE_FRAME",
        "└─ detect = detect_people ─> IMAGEAI_FRAME",
        "   ├─ annotate ─> ANNOTATED_FRAME",
        "   └─ redact labels=person ─> REDACTION_FRAME (redacted)",
    ]


def test_several_inputs_are_drawn_each_and_what_follows_once(tmp_path: Path) -> None:
    file = tmp_path / "chain.toml"
    file.write_text(_TWO_CAMERAS)
    assert _run("show", str(file)).splitlines() == [
        "DOOR",
        "└─ find = detect_people minimum_confidence=0.4 ─> FOUND",
        "   └─ redact labels=person,car ─> SHOWN (redacted)",
        "YARD",
        "└─ find = detect_people minimum_confidence=0.4 ─> FOUND",
    ]


def test_the_setting_names_the_chain(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "chain.toml"
    file.write_text(_TWO_CAMERAS)
    monkeypatch.setenv("IMAGEBUS_CHAIN", str(file))
    assert _run("check") == "2 stages over 4 topics: the chain can run\n"


def test_a_chain_that_cannot_run_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "chain.toml"
    file.write_text(_TWO_CAMERAS.replace('function = "redact"', 'function = "redakt"'))
    with pytest.raises(
        ChainError,
        match=rf"^{re.escape(str(file))}: Stage redact, function redakt: expected .*; did you mean redact\?$",
    ):
        _run("check", str(file))


def test_an_output_that_lets_raw_pictures_out_is_said_aloud_and_outputs_are_drawn(tmp_path: Path) -> None:
    file = tmp_path / "chain.toml"
    stream = '[outputs.{}]\nkind = "stream"\nurl = "rtsp://recorder/{{source}}"\n'
    file.write_text(
        _TWO_CAMERAS
        + stream.format("shown")
        + 'topic = "SHOWN"\n'
        + stream.format("all")
        + 'topic = "FOUND"\nraw = true\n'
    )
    assert _run("check", str(file)).splitlines()[0] == (
        "Output all is raw: it lets out FOUND, whose pictures may show people"
    )
    assert _run("show", str(file)).splitlines()[-4:] == [
        "SHOWN (redacted)",
        "└─ shown (stream)",
        "FOUND",
        "└─ all (stream)",
    ]
