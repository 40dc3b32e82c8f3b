"""The house: which package may import which, and how many modules a folder holds."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

from functions.core import registry
from tests.processes import PROJECT

TOPS = ("functions", "streams", "web")
MODULES_AT_MOST = 16


def _modules(top: str) -> dict[str, Path]:
    files = (PROJECT / top).rglob("*.py")
    return {".".join(file.relative_to(PROJECT).with_suffix("").parts).removesuffix(".__init__"): file for file in files}


def _imported(file: Path) -> Iterator[str]:
    """Whatever a module imports, wherever in it; of `from a import b` also `a.b`, which may be a module."""
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _room(module: str) -> str:
    """The package below the top that a module lives in; a module at the front door is a room of its own."""
    return ".".join(module.split(".")[:2])


@pytest.mark.parametrize(("top", "above"), [("functions", {"streams", "web"}), ("streams", {"web"})])
def test_arrows_point_from_web_to_streams_to_functions(top: str, above: set[str]) -> None:
    wrong = {
        name: found for name, file in _modules(top).items() for found in _imported(file) if found.split(".")[0] in above
    }
    assert wrong == {}


@pytest.mark.parametrize("top", TOPS)
def test_packages_of_one_top_need_one_another_in_no_circle(top: str) -> None:
    modules = _modules(top)
    needs: dict[str, set[str]] = {}
    for name, file in modules.items():
        if name != top:  # the front door itself may open any room
            found = {_room(each) for each in _imported(file) if each in modules and each != top}
            needs.setdefault(_room(name), set()).update(found - {_room(name)})
    list(TopologicalSorter(needs).static_order())  # raises CycleError, which names the circle


def test_the_folder_of_functions_holds_functions_only() -> None:
    known = registry.load()
    files = {file.stem for file in (PROJECT / "functions").glob("*.py")} - {"__init__"}
    assert {name for name in files if name in known and known[name].call.__module__ == f"functions.{name}"} == files


def test_no_package_of_functions_needs_a_function() -> None:
    modules = _modules("functions")
    functions = {name for name, file in modules.items() if file.parent.name == "functions" and name != "functions"}
    inner = {name: file for name, file in modules.items() if file.parent.name != "functions"}
    needs = {(name, found) for name, file in inner.items() for found in _imported(file) if found in functions}
    assert needs == set()


@pytest.mark.parametrize("top", TOPS)
def test_no_folder_holds_more_modules_than_one_reads_at_a_glance(top: str) -> None:
    folders = {file.parent for file in _modules(top).values()}
    held = {folder.name: len([file for file in folder.glob("*.py") if file.stem != "__init__"]) for folder in folders}
    assert {name: count for name, count in held.items() if count > MODULES_AT_MOST} == {}


@pytest.mark.parametrize("top", TOPS)
def test_every_package_says_what_it_is_for(top: str) -> None:
    doors = [file for file in _modules(top).values() if file.name == "__init__.py"]
    assert [str(file) for file in doors if not ast.get_docstring(ast.parse(file.read_text("utf-8")))] == []


def test_the_viewer_and_the_camera_page_share_what_guards_them_and_need_not_one_another() -> None:
    needs = {_room(found) for name, file in _modules("web").items() if "camera" in name for found in _imported(file)}
    assert "web.auth" in needs
    assert "web.viewer" not in needs
