"""The chain file: what is refused before anything runs, above all raw pictures on a redacted topic."""

from __future__ import annotations

from pathlib import Path

import pytest

from functions import registry
from streams import chain as chains
from streams.chain import Chain, ChainError

FUNCTIONS = registry.load()


def _chain(folder: Path, text: str) -> Chain:
    file = folder / "chain.toml"
    file.write_text(text)
    return chains.load(file)


def _stage(name: str = "one", function: str = "annotate", more: str = "", **topics: str) -> str:
    said = {"input": "A", "output": "B"} | topics
    lines = "\n".join(f'{key} = "{value}"' for key, value in said.items())
    return f'[stages.{name}]\nfunction = "{function}"\n{lines}\n{more}\n'


def test_the_chain_that_ships_detects_annotates_and_redacts() -> None:
    chain = chains.load()
    chains.check(chain, FUNCTIONS)
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
    ],
)
def test_a_chain_that_could_not_run_is_refused(text: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(ChainError, match=message):
        chains.check(_chain(tmp_path, text), FUNCTIONS)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("stages = 3", r"chain.toml: Expected `object`, got `int` - at `\$.stages`"),
        ("[stages.one]\n", "chain.toml: Object missing required field `function`"),
        (_stage(more="colour = 1"), r"chain.toml: Object contains unknown field `colour` - at `\$.stages"),
        ("[stages", "chain.toml: "),
    ],
)
def test_a_file_that_is_no_chain_is_refused_by_name(text: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(ChainError, match=message):
        _chain(tmp_path, text)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ChainError, match=r"none.toml: expected a chain file, got: No such file or directory"):
        chains.load(tmp_path / "none.toml")


_REDACTED = "[topics.SHOWN]\nredacted = true\n[topics.ALSO_SHOWN]\nredacted = true\n"


def test_raw_pictures_are_kept_off_a_redacted_topic(tmp_path: Path) -> None:
    chain = _chain(tmp_path, _stage(output="SHOWN") + _REDACTED)
    message = "Stage one: expected a redactor, since SHOWN is a redacted topic and A is not; annotate is none"
    with pytest.raises(ChainError, match=message):
        chains.check(chain, FUNCTIONS)


def test_one_raw_input_among_redacted_ones_is_enough_to_refuse(tmp_path: Path) -> None:
    text = '[stages.one]\nfunction = "annotate"\ninput = ["ALSO_SHOWN", "A"]\noutput = "SHOWN"\n'
    with pytest.raises(ChainError, match="expected a redactor"):
        chains.check(_chain(tmp_path, text + _REDACTED), FUNCTIONS)


@pytest.mark.parametrize(
    "text", [_stage(function="redact", output="SHOWN"), _stage(input="ALSO_SHOWN", output="SHOWN")]
)
def test_a_redacted_topic_takes_redactors_and_what_was_redacted(text: str, tmp_path: Path) -> None:
    chains.check(_chain(tmp_path, text + _REDACTED), FUNCTIONS)


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
