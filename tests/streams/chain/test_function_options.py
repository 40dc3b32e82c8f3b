"""A function's options on the command line: each type as people write it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import click
import pytest
from msgspec import Meta

from functions.core.frame import Frame
from functions.core.options import read_options
from functions.core.registry import FunctionSpec
from streams.chain.function_options import click_options, given


def blur(
    frame: Frame,
    *,
    labels: Annotated[tuple[str, ...], Meta(description="What to blur")] = ("person",),
    strength: Annotated[float, Meta(gt=0, le=1, description="How much")] = 0.5,
    times: int = 1,
    shape: Literal["box", "oval"] = "box",
    soft_edge: bool = False,
    note: str | None = None,
) -> Frame:
    return frame


def spec() -> FunctionSpec:
    import inspect
    from typing import get_type_hints

    parameters = list(inspect.signature(blur).parameters.values())[1:]
    options = read_options("blur", parameters, get_type_hints(blur, include_extras=True))
    return FunctionSpec(name="blur", call=blur, summary="", options=options, state=None)


def parsed(*arguments: str, prefix: str = "") -> dict[str, Any]:
    command = click.Command("blur", params=list(click_options(spec(), prefix)))
    return given(spec(), command.make_context("blur", list(arguments)).params, prefix)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ("", {}),
        ("--labels car", {"labels": ("car",)}),
        ("--labels car --labels bus", {"labels": ("car", "bus")}),
        ("--strength 0.25", {"strength": 0.25}),
        ("--strength .25", {"strength": 0.25}),
        ("--times 3", {"times": 3}),
        ("--shape oval", {"shape": "oval"}),
        ("--soft-edge", {"soft_edge": True}),
        ("--no-soft-edge", {"soft_edge": False}),
        ("--note hello", {"note": "hello"}),
    ],
)
def test_only_what_was_said_is_given_and_fits_its_type(arguments: str, expected: dict[str, Any]) -> None:
    said = parsed(*arguments.split())
    assert said.keys() == expected.keys()
    assert {name: spec().validate(said)[name] for name in said} == expected


def test_options_of_several_functions_have_prefixes() -> None:
    assert parsed("--blur.labels", "car", "--blur.no-soft-edge", prefix="blur.") == {
        "labels": ("car",),
        "soft_edge": False,
    }


def test_help_tells_type_range_and_default() -> None:
    command = click.Command("blur", params=list(click_options(spec())))
    shown = " ".join(command.get_help(click.Context(command)).split())
    assert "--strength FLOAT How much [over 0, at most 1; default: 0.5]" in shown
    assert "--labels STR What to blur [may be repeated; default: person]" in shown
    assert "--shape [box|oval] [default: box]" in shown
    assert "--soft-edge / --no-soft-edge [default: no]" in shown
    assert "--note STR|NONE [default: none]" in shown
