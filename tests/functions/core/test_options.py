"""Options: typed by the signature, given as text or typed, refused with a clear reason."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Annotated, Any, Literal, get_type_hints

import pytest
from msgspec import Meta

from functions import Frame
from functions.core.options import Option, OptionError, read_options

Share = Annotated[float, Meta(ge=0, le=1, description="How much")]


def _hide(
    frame: Frame,
    *,
    labels: tuple[str, ...] = ("person",),
    style: Literal["solid", "blur"] = "solid",
    least_share: Share = 0.5,
    most: int | None = None,
    soft: bool = False,
) -> None: ...


def _options(call: Callable[..., Any]) -> dict[str, Option]:
    keywords = list(inspect.signature(call).parameters.values())[1:]
    return read_options(call.__name__, keywords, get_type_hints(call, include_extras=True))


OPTIONS = _options(_hide)


@pytest.mark.parametrize(
    ("name", "given", "value"),
    [
        ("labels", ["car", "person"], ("car", "person")),
        ("style", "blur", "blur"),
        ("least_share", "0.25", 0.25),
        ("least_share", 1, 1.0),
        ("most", "3", 3),
        ("most", None, None),
        ("soft", "true", True),
    ],
)
def test_values_are_taken_as_text_or_typed(name: str, given: object, value: object) -> None:
    assert OPTIONS[name].value("hide", given) == value


@pytest.mark.parametrize(
    ("name", "given", "message"),
    [
        ("least_share", 2, r"Function hide, option least_share: expected `float` <= 1.0 \(2\)"),
        ("least_share", "much", r"Function hide, option least_share: expected `float`, got `str` \('much'\)"),
        ("style", "pixels", "Function hide, option style: expected one of solid, blur, got 'pixels'"),
        (
            "style",
            "blurr",
            r"Function hide, option style: expected one of solid, blur, got 'blurr'; did you mean blur\?",
        ),
        ("most", "x", r"Function hide, option most: expected `int \| null`, got `str` \('x'\)"),
    ],
)
def test_a_value_that_does_not_fit_is_named(name: str, given: object, message: str) -> None:
    with pytest.raises(OptionError, match=message):
        OPTIONS[name].value("hide", given)


def test_an_option_says_how_it_looks_on_the_command_line() -> None:
    assert OPTIONS["least_share"].flag == "least-share"
    assert OPTIONS["least_share"].help == "How much"
    assert OPTIONS["labels"].repeats
    assert OPTIONS["style"].choices == ("solid", "blur")
    assert {name: option.shown for name, option in OPTIONS.items()} == {
        "labels": "str …",
        "style": "solid|blur",
        "least_share": "float",
        "most": "int | None",
        "soft": "bool",
    }


def _no_default(frame: Frame, *, size: int) -> None: ...
def _no_type(frame, *, size=3) -> None: ...  # type: ignore[no-untyped-def]
def _rest(frame: Frame, **rest: int) -> None: ...
def _taken(frame: Frame, *, topic: str = "A") -> None: ...
def _a_map(frame: Frame, *, sizes: dict[str, int] = {}) -> None: ...  # noqa: B006
def _bad_default(frame: Frame, *, share: Share = 3.0) -> None: ...


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (_no_default, "option size: expected a keyword-only argument with a type and a default"),
        (_no_type, "option size: expected a keyword-only argument with a type and a default"),
        (_rest, "option rest: expected a keyword-only argument with a type and a default"),
        (_taken, "option topic: expected another name: input, name, out, title, topic are the command line's own"),
        (_a_map, "option sizes: expected str, int, float, bool, Literal or a tuple of one, got dict"),
        (_bad_default, "option share: expected `float` <= 1.0"),
    ],
)
def test_a_signature_that_the_command_line_could_not_serve_is_refused(call: Callable[..., Any], message: str) -> None:
    with pytest.raises(OptionError, match=message):
        _options(call)


def test_an_unknown_option_is_met_with_the_nearest_one() -> None:
    with pytest.raises(OptionError, match=r"option lables: expected one of labels, style; did you mean labels\?"):
        raise OptionError("hide", "lables", known=["labels", "style"])
