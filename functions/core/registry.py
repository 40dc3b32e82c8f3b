"""The registry of functions: `@function` reads options, state and look-ahead from the signature."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeVar, get_type_hints, overload

from functions.core.errors import UsageError
from functions.core.options import Option, OptionError, read_options

Call = Callable[..., Any]
F = TypeVar("F", bound=Call)


class FunctionError(UsageError):
    """A function cannot be registered, found or run as asked; the text says what was expected."""


@dataclass(frozen=True)
class FunctionSpec:
    """A registered function: its callable, its options, and what the decorator was given."""

    name: str
    call: Call
    summary: str
    options: Mapping[str, Option]
    state: Callable[[], Any] | None
    redacts: bool = False
    labels: Callable[..., Iterable[str]] | None = None
    ready: Callable[..., object] | None = None
    look_ahead_s: float = 0.0
    learns: Callable[..., bool] | None = None

    def validate(self, given: Mapping[str, object]) -> dict[str, Any]:
        """Every option with its value: given (as text or typed), else the default. Raises OptionError."""
        unknown = given.keys() - self.options.keys()
        if unknown:
            raise OptionError(self.name, min(unknown), known=sorted(self.options))
        return {name: option.value(self.name, given.get(name, option.default)) for name, option in self.options.items()}

    def findable(self, options: Mapping[str, Any]) -> tuple[str, ...]:
        """The labels this function can find with these options, none where it finds nothing."""
        return tuple(self.labels(**options)) if self.labels else ()

    def window_s(self, options: Mapping[str, Any]) -> float:
        """How far ahead it looks: at most `look_ahead_s`, less where an option of that name says so."""
        return min(self.look_ahead_s, float(options.get("look_ahead_s", self.look_ahead_s)))

    def learns_first(self, options: Mapping[str, Any]) -> bool:
        """Whether its state is to `learn` pictures of a recording before the first frame comes."""
        return bool(self.learns and self.learns(**options))

    def prepare(self, options: Mapping[str, Any]) -> None:
        """Run `ready` with these options, before the first frame. Raises UsageError if something is missing."""
        if self.ready:
            self.ready(**options)


_functions: dict[str, FunctionSpec] = {}


@overload
def function(call: F) -> F: ...
@overload
def function(
    *,
    redacts: bool = False,
    labels: Callable[..., Iterable[str]] | None = None,
    ready: Callable[..., object] | None = None,
    look_ahead_s: float = 0.0,
    learns: Callable[..., bool] | None = None,
) -> Callable[[F], F]: ...
def function(
    call: F | None = None,
    *,
    redacts: bool = False,
    labels: Callable[..., Iterable[str]] | None = None,
    ready: Callable[..., object] | None = None,
    look_ahead_s: float = 0.0,
    learns: Callable[..., bool] | None = None,
) -> F | Callable[[F], F]:
    """Register a function over frames and give it back as it is.

    `redacts` marks one whose pictures may be shown to anybody. `labels` and `ready` are called with the function's
    options as keywords: the labels a detector can find, and what is done before the first frame, so that missing
    weights are told before a record is consumed. `look_ahead_s` delays each frame by so much; the function then gets
    those that follow it within that time as its third argument, `ahead`. `learns` is called with the options, too, and
    says whether the state's method `learn` is to see pictures of a recording before its first frame. Raises
    FunctionError for a signature that no stage could call, also of these callables, and for a name that another module
    has.
    """

    def register(call: F) -> F:
        spec = replace(
            _read(call, ahead=look_ahead_s > 0),
            redacts=redacts,
            labels=labels,
            ready=ready,
            look_ahead_s=look_ahead_s,
            learns=learns,
        )
        _refuse_duplicate(spec)
        _refuse_uncallable(spec)
        _functions[spec.name] = spec
        return call

    return register if call is None else register(call)


def load(modules: Iterable[str] = ()) -> dict[str, FunctionSpec]:
    """All functions by name, of this package and of these modules. Raises FunctionError where one does not import."""
    package = importlib.import_module("functions")
    own = [f"functions.{module.name}" for module in pkgutil.iter_modules(package.__path__) if not module.ispkg]
    for module in [*own, *modules]:
        try:
            importlib.import_module(module)
        except FunctionError:
            raise
        except Exception as error:
            raise FunctionError(f"Module {module} does not import: {type(error).__name__}: {error}") from error
    return dict(sorted(_functions.items()))


def find(name: str) -> FunctionSpec | None:
    """The function of that name among those loaded, None where there is none; imports nothing."""
    return _functions.get(name)


def _read(call: Call, ahead: bool) -> FunctionSpec:
    name = call.__name__
    hints = get_type_hints(call, include_extras=True)
    parameters = list(inspect.signature(call).parameters.values())
    positional = [parameter for parameter in parameters if parameter.kind is not parameter.KEYWORD_ONLY]
    shape = [parameter.name for parameter in positional]
    if shape not in ([["frame", "state", "ahead"]] if ahead else [["frame"], ["frame", "state"]]):
        wanted = (
            "(frame, state, ahead, *, options…)" if ahead else "(frame, *, options…) or (frame, state, *, options…)"
        )
        raise FunctionError(f"Function {name}: expected the arguments {wanted}, got {inspect.signature(call)}")
    keywords = parameters[len(positional) :]
    return FunctionSpec(
        name=name,
        call=call,
        summary=(inspect.getdoc(call) or "").partition("\n")[0],
        options=read_options(name, keywords, hints),
        state=hints.get("state", dict) if "state" in shape else None,
    )


def _refuse_duplicate(spec: FunctionSpec) -> None:
    known = _functions.get(spec.name)
    if known and known.call.__module__ != spec.call.__module__:
        raise FunctionError(
            f"Function {spec.name}: expected a name of its own, got one that {known.call.__module__} has "
            f"(second: {spec.call.__module__})"
        )


def _refuse_uncallable(spec: FunctionSpec) -> None:
    """They run long after registering, where their error would read as if a frame were wrong."""
    options = ", ".join(spec.options)
    for what, call in {"labels": spec.labels, "ready": spec.ready, "learns": spec.learns}.items():
        if call is not None and (got := _why_uncallable(call, spec.options)):
            wanted = f"a callable that takes its options as keywords ({options})" if options else "a callable"
            raise FunctionError(f"Function {spec.name}, {what}: expected {wanted}, got {got}")


def _why_uncallable(call: object, options: Iterable[str]) -> str:
    if not callable(call):
        return repr(call)
    try:
        signature = inspect.signature(call)
    except (TypeError, ValueError):
        return f"one without a signature, {call!r}"
    try:
        signature.bind(**dict.fromkeys(options))
    except TypeError as error:
        return f"one that takes {signature}: {error}"
    return ""
