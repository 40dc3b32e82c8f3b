"""`@function`: what a signature must look like, and what the registry knows of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from functions import Frame, function
from functions.core import registry
from functions.core.registry import FunctionError

FRAME = Frame.from_jpeg(b"")


@pytest.fixture(autouse=True)
def _registry_of_its_own(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    registry.load()  # modules register once: not into what is forgotten after the test
    with monkeypatch.context() as patched:
        patched.setattr(registry, "_functions", dict(registry._functions))
        yield


def test_a_function_stays_the_plain_callable_it_was() -> None:
    def passes(frame: Frame) -> Frame:
        return frame

    assert function(passes) is passes
    assert function(redacts=True)(passes) is passes
    assert registry.load()["passes"].redacts


def test_options_and_summary_are_read_from_the_signature() -> None:
    @function
    def blur(frame: Frame, *, strength: int = 25) -> Frame:
        """Blur every plate.

        Slowly.
        """
        return frame

    spec = registry.load()["blur"]
    assert (spec.summary, list(spec.options), spec.state) == ("Blur every plate.", ["strength"], None)
    assert spec.validate({"strength": "7"}) == {"strength": 7}


def test_a_function_with_a_memory_gets_its_annotated_type() -> None:
    class Seen:
        pass

    def remembers(frame: Frame, state, *, n: int = 1) -> Frame:  # type: ignore[no-untyped-def]
        return frame

    remembers.__annotations__["state"] = Seen
    function(remembers)
    spec = registry.load()["remembers"]
    assert spec.state is Seen


def test_a_detector_says_what_it_can_find_with_its_options() -> None:
    @function(labels=lambda *, animals: ("dog", "cat") if animals else ("person",))
    def finds(frame: Frame, *, animals: bool = False) -> Frame:
        return frame

    spec = registry.load()["finds"]
    assert spec.findable(spec.validate({})) == ("person",)
    assert spec.findable(spec.validate({"animals": "true"})) == ("dog", "cat")


def _no_frame(picture: Frame) -> Frame:
    return picture


def _positional_option(frame: Frame, strength: int) -> Frame:
    return frame


def _two_states(frame: Frame, state: object, other: object) -> Frame:
    return frame


@pytest.mark.parametrize("call", [_no_frame, _positional_option, _two_states])
def test_a_signature_that_no_stage_could_call_is_refused(call: Callable[..., Any]) -> None:
    with pytest.raises(
        FunctionError, match=rf"Function {call.__name__}: expected the arguments \(frame, \*, options…\)"
    ):
        function(call)


def _one_option(*, size: int) -> tuple[str, ...]:
    return ("plate",)


CANNOT_BE_ASKED = {
    "takes no options": (lambda: ("plate",), r"got one that takes \(\): got an unexpected keyword argument 'size'"),
    "takes one too few": (_one_option, "got an unexpected keyword argument 'tiles'"),
    "takes one too many": (lambda *, size, tiles, speed: ("plate",), "missing a required .*argument: 'speed'"),
    "takes them by position": (lambda size, tiles, /: ("plate",), "got one that takes"),
    "is no callable": (("plate",), r"got \('plate',\)"),
    "is a word": ("plate", "got 'plate'"),
    "cannot be looked at": (dict.fromkeys, "got one that takes|got one without a signature"),
}


@pytest.mark.parametrize("what", ["labels", "ready"])
@pytest.mark.parametrize("case", CANNOT_BE_ASKED)
def test_labels_and_ready_that_could_not_be_called_with_the_options_are_refused(what: str, case: str) -> None:
    def finds(frame: Frame, *, size: int = 9, tiles: str = "1x1") -> Frame:
        return frame

    given, got = CANNOT_BE_ASKED[case]
    expected = (
        rf"^Function finds, {what}: expected a callable that takes its options as keywords \(size, tiles\), .*{got}"
    )
    with pytest.raises(FunctionError, match=expected):
        function(**{what: given})(finds)  # type: ignore[call-overload]
    assert "finds" not in registry.load()


def test_labels_may_take_the_options_by_name_all_together_or_with_defaults_of_their_own() -> None:
    def finds(frame: Frame, *, size: int = 9) -> Frame:
        return frame

    for labels in (_one_option, lambda **_: ("plate",), lambda size, more=1: ("plate",), lambda *, size=3: ("plate",)):
        function(labels=labels, ready=labels)(finds)
        spec = registry.load()["finds"]
        assert spec.findable(spec.validate({})) == ("plate",)


def test_a_name_that_another_module_has_is_refused() -> None:
    def redact(frame: Frame) -> Frame:
        return frame

    registry.load()
    with pytest.raises(
        FunctionError, match=r"Function redact: expected a name of its own, got one that functions.redact has"
    ):
        function(redact)


def test_modules_that_live_elsewhere_are_loaded_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "plates_of_ours.py").write_text(
        "from functions import function\n\n@function\ndef hide_plates(frame):\n    return frame\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    assert registry.load(["plates_of_ours"])["hide_plates"].call.__module__ == "plates_of_ours"


def test_a_module_that_does_not_import_is_named_with_its_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "broken_of_ours.py").write_text("import no_such_library\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(
        FunctionError, match=r"Module broken_of_ours does not import: ModuleNotFoundError: .*no_such_library"
    ):
        registry.load(["broken_of_ours"])


def test_only_the_modules_of_the_folder_are_functions_and_each_has_the_name_of_its_file() -> None:
    own = {spec.name: spec.call.__module__ for spec in registry.load().values()}
    ours = {name: module for name, module in own.items() if module.startswith("functions.")}
    assert ours == {name: f"functions.{name}" for name in ours}
