"""The registered functions, and their options as options of the command line."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click
import msgspec

from functions.core import registry
from functions.core.options import Option
from functions.core.registry import FunctionSpec
from functions.models import catalogue
from streams.settings import Settings, names


def registered(settings: Settings) -> dict[str, FunctionSpec]:
    """All functions by name, those of IMAGEBUS_FUNCTIONS included; models are in IMAGEBUS_MODELS. Raises UsageError."""
    catalogue.use_folder(Path(settings.models).expanduser())
    return registry.load(names(settings.functions))


def click_options(spec: FunctionSpec, prefix: str = "") -> list[click.Option]:
    """One click option for each option of the function, named `--<prefix><flag>`, for instance `--redact.labels`."""
    return [_click_option(option, prefix) for option in spec.options.values()]


def given(spec: FunctionSpec, params: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """The options that were given, of what click parsed for `click_options`; for `spec.validate`."""
    parsed = {name: params.get(_parameter(name, prefix)) for name in spec.options}
    return {name: value for name, value in parsed.items() if value not in (None, ())}


class _Number(click.ParamType):
    """A float; other text is passed through, so that the function's own validation reports it."""

    name = "float"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        try:
            return float(value)
        except ValueError:
            return value


def _click_option(option: Option, prefix: str) -> click.Option:
    flag, parameter = f"--{prefix}{option.flag}", _parameter(option.name, prefix)
    # No default of click's own: None means not given, and the function's default applies.
    if option.plain is bool:
        return click.Option([f"{flag}/--{prefix}no-{option.flag}", parameter], default=None, help=help_of(option))
    return click.Option(
        [flag, parameter],
        type=_type(option),
        metavar=None if option.choices else option.shown.removesuffix(" …").replace(" ", "").upper(),
        multiple=option.repeats,
        help=help_of(option),
    )


def _type(option: Option) -> click.ParamType:
    if option.choices:
        return click.Choice(option.choices)
    return _Number() if option.plain is float else click.STRING


def help_of(option: Option) -> str:
    """The option's help: what it is for, whether it repeats, its range and its default."""
    notes = ["may be repeated"] if option.repeats else []
    notes += [bounds] if (bounds := _range(option)) else []
    notes += [f"default: {_shown(option.default)}"]
    return f"{option.help}  [{'; '.join(notes)}]".strip()


def _parameter(name: str, prefix: str) -> str:
    """The option's parameter name in click: an identifier that differs from the command's own."""
    return f"option_{prefix.replace('.', '_')}{name}"


def _range(option: Option) -> str:
    metas = [meta for meta in getattr(option.type, "__metadata__", ()) if isinstance(meta, msgspec.Meta)]
    limits = {"at least": "ge", "over": "gt", "at most": "le", "under": "lt"}
    values = ((word, getattr(meta, name)) for meta in metas for word, name in limits.items())
    return ", ".join(f"{word} {value}" for word, value in values if value is not None)


def _shown(value: Any) -> str:
    words = {True: "yes", False: "no", None: "none"}
    if value is None or isinstance(value, bool):
        return words[value]
    return (", ".join(map(str, value)) if isinstance(value, tuple) else str(value)) or "none"
