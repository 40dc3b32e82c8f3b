"""The chain file: what is refused before anything runs, above all raw pictures on a redacted topic."""

from __future__ import annotations

from pathlib import Path

import pytest

from functions.core import registry
from streams.chain import check as chain_check
from streams.chain import types as chains
from streams.chain.types import Chain, ChainError

FUNCTIONS = registry.load()


def _chain(folder: Path, text: str) -> Chain:
    file = folder / "chain.toml"
    file.write_text(text)
    return chains.load(file)


def _stage(name: str = "one", function: str = "annotate", more: str = "", **topics: str) -> str:
    said = {"input": "A", "output": "B"} | topics
    lines = "\n".join(f'{key} = "{value}"' for key, value in said.items())
    return f'[stages.{name}]\nfunction = "{function}"\n{lines}\n{more}\n'


# What others write.
_A = "[topics.A]\n"


def test_the_chain_that_ships_detects_annotates_and_redacts() -> None:
    chain = chains.load()
    chain_check.check(chain, FUNCTIONS)
    assert list(chain.stages) == ["detect", "annotate", "redact"]
    assert chain.topic_names == ("SOURCE_FRAME", "IMAGEAI_FRAME", "ANNOTATED_FRAME", "REDACTION_FRAME")
    assert [topic for topic in chain.topic_names if chain.redacted(topic)] == ["REDACTION_FRAME"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (_stage(function="anotate"), "Stage one, function anotate: expected one of .*; did you mean annotate?"),
        (_stage(more="options = { colour = 1 }"), "Stage one: Function annotate, option colour: expected one of"),
        (_stage(output="A"), "Stage one: expected an output that is not its input, got A for both"),
        (_stage(output="A B"), r"Stage one: expected a topic of letters, digits, '.', '_' and '-', got 'A B'"),
        (_stage(name='"Eins zwei"'), "Stage 'Eins zwei': expected a name of a-z"),
        (
            _stage(function="redact", more='options = { style = "blurr" }'),
            "Stage one: Function redact, option style: expected one of solid, pixelate, blur, got 'blurr'; "
            r"did you mean blur\?",
        ),
        (
            _stage(more="options = { minimum_confidence = 'high' }"),
            "Stage one: Function annotate, option minimum_confidence: expected `float`, got `str`",
        ),
        (_stage().replace('"A"', "[]"), "Stage one: expected a topic to read, got none"),
        (
            _stage() + _stage("two", input="BB", output="C"),
            "Stage two, input BB: expected a topic that a stage writes, SOURCE_FRAME, or one that the file declares as "
            r"\[topics.BB\] since others write it; did you mean B\?",
        ),
        (
            _stage() + "[topics.BB]\nredacted = true\n",
            r"Topic BB: expected a topic that a stage reads or writes, got none; did you mean B\?",
        ),
        (
            _stage() + "[topics.DEAD_OEN]\nretention_s = 86400\n",
            r"Topic DEAD_OEN: expected a topic that a stage reads or writes, got none; did you mean DEAD_ONE\?",
        ),
        (
            _stage() + "[topics.DEAD_ONE]\nredacted = true\n",
            "Topic DEAD_ONE: expected a topic that is not redacted, since dead letters are raw",
        ),
        (
            _stage(input="B", output="C") + _stage("two", input="C", output="D") + _stage("three", input="D"),
            "Stage one: expected records that come to an end, got a circle: one ─> C ─> two ─> D ─> three ─> B ─> one",
        ),
        (
            _stage() + _stage("again", input="DEAD_AGAIN", output="C"),
            "Stage again: expected records that come to an end, got a circle: again ─> C ─> again",
        ),
    ],
)
def test_a_chain_that_could_not_run_is_refused(text: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(ChainError, match=message):
        chain_check.check(_chain(tmp_path, text + _A), FUNCTIONS)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("stages = 3", "chain.toml: Chain, stages: expected `object`, got `int`"),
        (
            "stage = 3",
            r"Chain, stage: expected one of stages, .*, outputs, alerts, areas, counts; did you mean stages\?",
        ),
        ("[stages.one]\n", "chain.toml: Stage one: object missing required field `function`"),
        (
            _stage(more='inputs = ["A"]'),
            "chain.toml: Stage one, inputs: expected one of function, input, output, title, options; "
            r"did you mean input\?",
        ),
        (_stage(more="title = 1"), "chain.toml: Stage one, title: expected `str`, got `int`"),
        (
            "[stages]\n[topics.A]\nredaction = true\n",
            "chain.toml: Topic A, redaction: expected one of redacted, retention_s, partitions; "
            r"did you mean redacted\?",
        ),
        ("[stages]\n[zones.door]\ncover = [[[1, 2]]]\n", r"chain.toml: Zone door, cover\[0\]: expected `array`"),
        (_stage() + _stage(), r"chain.toml: Expected one table \[stages.one\], got a second \(at line 6, column 12\)"),
        ("[stages", "chain.toml: "),
    ],
)
def test_a_file_that_is_no_chain_is_refused_by_name(text: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(ChainError, match=message):
        _chain(tmp_path, text)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ChainError, match=r"none.toml: expected a chain file, got: No such file or directory"):
        chains.load(tmp_path / "none.toml")


_REDACTED = "[topics.A]\n[topics.SHOWN]\nredacted = true\n[topics.ALSO_SHOWN]\nredacted = true\n"


def test_what_no_stage_writes_is_declared_or_where_producers_write(tmp_path: Path) -> None:
    for source in (_stage() + _A, _stage(input="SOURCE_FRAME")):
        chain_check.check(_chain(tmp_path, source), FUNCTIONS)


def test_two_ways_to_the_same_topic_are_no_circle(tmp_path: Path) -> None:
    twice = (
        _stage()
        + _stage("two", output="C")
        + _stage("three", input="B", output="C")
        + _stage("four", input="C", output="D")
    )
    chain_check.check(_chain(tmp_path, twice + _A), FUNCTIONS)


def test_raw_pictures_are_kept_off_a_redacted_topic(tmp_path: Path) -> None:
    chain = _chain(tmp_path, _stage(output="SHOWN") + _REDACTED)
    message = "Stage one: expected a redactor, since SHOWN is a redacted topic and A is not; annotate is none"
    with pytest.raises(ChainError, match=message):
        chain_check.check(chain, FUNCTIONS)


def test_one_raw_input_among_redacted_ones_is_enough_to_refuse(tmp_path: Path) -> None:
    text = '[stages.one]\nfunction = "annotate"\ninput = ["ALSO_SHOWN", "A"]\noutput = "SHOWN"\n'
    with pytest.raises(ChainError, match="expected a redactor"):
        chain_check.check(_chain(tmp_path, text + _REDACTED), FUNCTIONS)


@pytest.mark.parametrize(
    "text", [_stage(function="redact", output="SHOWN"), _stage(input="ALSO_SHOWN", output="SHOWN")]
)
def test_a_redacted_topic_takes_redactors_and_what_was_redacted(text: str, tmp_path: Path) -> None:
    chain_check.check(_chain(tmp_path, text + _REDACTED), FUNCTIONS)


def test_two_different_stages_never_share_a_group() -> None:
    assert chains.group_of(["A", "B"], "redact", "C") == "imagebus.A+B.redact.C"
    assert chains.group_of(["A"], "redact", "C") != chains.group_of(["A"], "redact", "D")


def test_stages_are_picked_by_name_and_none_named_means_all() -> None:
    chain = chains.load()
    assert list(chains.pick(chain, [])) == ["detect", "annotate", "redact"]
    assert list(chains.pick(chain, ["redact"])) == ["redact"]
    with pytest.raises(
        ChainError, match=r"Stage redakt: expected one of detect, annotate, redact; did you mean redact\?"
    ):
        chains.pick(chain, ["redakt"])


COUNTS = _stage("detect", input="SOURCE_FRAME", output="IMAGEAI_FRAME") + "[counts]\n"


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ('time_zone = "Europe/Berln"', "Counts, time_zone: expected a time zone of this host.*got 'Europe/Berln'"),
        ('input = "IMAGEAI_FRAM"', "Counts, input: expected one of SOURCE_FRAME, IMAGEAI_FRAME; did you mean IMAGEAI"),
        ("near = 1", "Counts, near: expected one of .*; did you mean near_m"),
        (
            "ground = { door = [[0.01, 0, 0], [0, 0.01, 0], [0, 0, 1]] }",
            "Counts.*expected a homography from shares of the picture.*first column by the picture's width",
        ),
        ("ground = { door = [[1, 0, 0]] }", "Counts, ground.*expected `array` of length 3"),
    ],
)
def test_counting_that_could_not_run_is_refused(lines: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(ChainError, match=message):
        chain_check.check(_chain(tmp_path, COUNTS + lines), FUNCTIONS)


def test_counting_is_picked_by_its_name_where_the_chain_counts(tmp_path: Path) -> None:
    assert chains.pick(_chain(tmp_path, COUNTS), ["count"]) == {}
    with pytest.raises(ChainError, match="Stage count: expected one of detect"):
        chains.pick(chains.load(), ["count"])
