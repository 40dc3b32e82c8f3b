"""A function's options, read from its keyword-only arguments."""

from __future__ import annotations

import inspect
import types
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import msgspec

from functions.core.errors import UsageError, did_you_mean, one_of

# Names that are the command line's own options.
RESERVED = frozenset({"input", "topic", "name", "title", "out"})

# Options that detectors share.
Confidence = Annotated[float, msgspec.Meta(ge=0.01, le=1, description="Leave out what is less sure than this")]
Labels = Annotated[tuple[str, ...], msgspec.Meta(description="Find only these; none is all that the model knows")]
Tiles = Annotated[
    str,
    msgspec.Meta(
        pattern="^(auto|thorough|[1-8]x[1-8])$",
        description="auto: the whole picture and as many overlapping tiles as what is small takes, more of them in a "
        "crowd; thorough: for half that height; or columns x rows of tiles alone",
    ),
]
Smallest = Annotated[int, msgspec.Meta(ge=8, le=4096, description="Height in pixels of what auto is still to find")]
MaxLooks = Annotated[
    int, msgspec.Meta(ge=1, le=1000, description="A bound on time: looks at one picture; the rest counts as not seen")
]
DeviceName = Annotated[
    Literal["CPU", "GPU", "NPU", "AUTO"], msgspec.Meta(description="Where the network runs, in OpenVINO's words")
]


class OptionError(UsageError):
    """An option is unknown or its value does not fit; the text names function, option, expected and got."""

    def __init__(self, function: str, option: str, problem: str = "", known: list[str] | None = None) -> None:
        if known is not None:
            problem = f"expected {one_of(option, known)}"
        super().__init__(f"Function {function}, option {option}: {problem}")


@dataclass(frozen=True)
class Option:
    """One option: its type, default and help, and the check of a value."""

    name: str
    type: Any
    default: Any
    help: str

    @property
    def flag(self) -> str:
        """The name on the command line."""
        return self.name.replace("_", "-")

    @property
    def plain(self) -> Any:
        """The type without its annotations."""
        return get_args(self.type)[0] if get_origin(self.type) is Annotated else self.type

    @property
    def repeats(self) -> bool:
        """Whether it takes several values."""
        return get_origin(self.plain) is tuple

    @property
    def choices(self) -> tuple[str, ...]:
        """The words it takes, for a Literal."""
        return tuple(map(str, get_args(self.plain))) if get_origin(self.plain) is Literal else ()

    @property
    def shown(self) -> str:
        """The type in words, for a list of options."""
        if self.choices:
            return "|".join(self.choices)
        inner = get_args(self.plain)[0] if self.repeats else self.plain
        return getattr(inner, "__name__", str(inner)) + (" …" if self.repeats else "")

    def value(self, function: str, given: object) -> Any:
        """The value given, as text or typed, in this option's type. Raises OptionError."""
        if self.choices and str(given) not in self.choices:
            hint = did_you_mean(str(given), self.choices)
            raise OptionError(function, self.name, f"expected one of {', '.join(self.choices)}, got {given!r}{hint}")
        try:
            return msgspec.convert(given, self.type, strict=False)
        except msgspec.ValidationError as error:
            text = str(error)
            raise OptionError(function, self.name, f"{text[:1].lower()}{text[1:]} ({given!r})") from None


def read_options(function: str, parameters: Iterable[inspect.Parameter], hints: Mapping[str, Any]) -> dict[str, Option]:
    """The options of a function, of its keyword-only parameters; a type may carry `msgspec.Meta`.

    Raises OptionError for one without type or default, of a reserved name, or whose default does not fit.
    """
    return {parameter.name: _read(function, parameter, hints) for parameter in parameters}


def _read(function: str, parameter: inspect.Parameter, hints: Mapping[str, Any]) -> Option:
    name = parameter.name
    if name in RESERVED:
        taken = ", ".join(sorted(RESERVED))
        raise OptionError(function, name, f"expected another name: {taken} are the command line's own")
    if parameter.kind is not parameter.KEYWORD_ONLY or parameter.default is parameter.empty or name not in hints:
        raise OptionError(function, name, "expected a keyword-only argument with a type and a default")
    option = Option(name, hints[name], parameter.default, _help(hints[name]))
    _refuse_type(function, option)
    option.value(function, parameter.default)
    return option


def _refuse_type(function: str, option: Option) -> None:
    kinds = {str, int, float, bool, type(None)}
    inner = get_args(option.plain) if get_origin(option.plain) in (tuple, Union, types.UnionType) else (option.plain,)
    if option.choices or {part for part in inner if part is not Ellipsis} <= kinds:
        return
    expected = "str, int, float, bool, Literal or a tuple of one"
    raise OptionError(function, option.name, f"expected {expected}, got {option.plain}")


def _help(hint: Any) -> str:
    metas = [meta for meta in getattr(hint, "__metadata__", ()) if isinstance(meta, msgspec.Meta)]
    return next((meta.description for meta in metas if meta.description), "")
