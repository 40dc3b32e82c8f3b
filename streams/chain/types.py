"""The chain file: which functions run as stages between which topics."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, get_args

import msgspec
from msgspec import Meta, Struct

from functions.core.errors import UsageError, one_of
from functions.core.registry import FunctionSpec
from functions.redaction.zones import in_shares, zone
from streams.chain.alerts_section import AlertConf, AreaConf
from streams.chain.cameras_section import CameraConf
from streams.chain.counts_section import NAME as COUNTING
from streams.chain.counts_section import CountsConf
from streams.chain.outputs_section import Output

DEAD_LETTERS = "DEAD_"  # so their topics begin
DEFAULT = Path(__file__).parents[1] / "chain.toml"
_SLUG = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_DUPLICATE = re.compile(r"Cannot declare \('(\w+)', '(.+)'\) twice \((.+)\)")

Polygon = Annotated[list[tuple[float, float]], Meta(min_length=3)]


class ChainError(UsageError):
    """A chain cannot run as written; the text names file, stage and what was expected."""


class StageConf(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One stage as written in the chain file."""

    function: str
    input: str | list[str]
    output: str
    title: str = ""
    options: dict[str, Any] = {}

    @property
    def inputs(self) -> tuple[str, ...]:
        """The topics it reads, as a union."""
        return (self.input,) if isinstance(self.input, str) else tuple(self.input)


class TopicConf(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Settings of one topic; a topic that no stage writes must be declared here, or it is taken for a misspelt one."""

    redacted: bool = False
    retention_s: float | None = None
    partitions: int | None = None


class ZoneConf(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Polygons of one source, in shares of its upright picture: always covered, or never."""

    cover: list[Polygon] = []
    ignore: list[Polygon] = []

    def __post_init__(self) -> None:
        for polygon in (*self.cover, *self.ignore):
            in_shares(polygon)

    def as_option(self, source: str) -> tuple[str, ...]:
        """The zones as values of a function's option `zones`."""
        kinds = {"cover": self.cover, "ignore": self.ignore}
        return tuple(zone(source, kind, polygon) for kind, polygons in kinds.items() for polygon in polygons)


class Chain(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A whole chain: stages, topics, zones, cameras, outputs, alerts and their areas by name, and what is counted."""

    stages: dict[str, StageConf]
    topics: dict[str, TopicConf] = {}
    zones: dict[str, ZoneConf] = {}
    cameras: dict[Annotated[str, Meta(min_length=1, max_length=128)], CameraConf] = {}
    outputs: dict[str, Output] = {}
    alerts: dict[str, AlertConf] = {}
    areas: dict[Annotated[str, Meta(min_length=1, max_length=64)], AreaConf] = {}
    counts: CountsConf | None = None

    @property
    def topic_names(self) -> tuple[str, ...]:
        """Every topic that a stage reads or writes, in the order of the file."""
        named = (topic for stage in self.stages.values() for topic in (*stage.inputs, stage.output))
        return tuple(dict.fromkeys(named))

    def options(self, stage: StageConf, spec: FunctionSpec) -> dict[str, Any]:
        """The options of a stage's function, with the chain's zones where it has an option `zones`."""
        zones = tuple(zone for source, conf in self.zones.items() for zone in conf.as_option(source))
        if not zones or "zones" not in spec.options:
            return stage.options
        return stage.options | {"zones": (*stage.options.get("zones", ()), *zones)}

    def redacted(self, topic: str) -> bool:
        """Whether the topic may hold nothing but redacted pictures."""
        return topic in self.topics and self.topics[topic].redacted


def load(path: str | Path = "") -> Chain:
    """The chain of a file, by default the one that ships. Raises ChainError for a file that is not written as one."""
    path = Path(path or DEFAULT)
    with named(path):
        try:
            tables = tomllib.loads(path.read_bytes().decode())
        except OSError as error:
            raise ChainError(f"expected a chain file, got: {error.strerror}") from None
        except (ValueError, RecursionError) as error:
            raise ChainError(_DUPLICATE.sub(r"Expected one table [\1.\2], got a second (\3)", str(error))) from None
        return _read(tables)


@contextmanager
def named(path: str | Path) -> Iterator[None]:
    """Prefix a ChainError within with the file's name."""
    try:
        yield
    except ChainError as error:
        raise ChainError(f"{path or DEFAULT}: {error}") from None


def check_name(kind: str, name: str) -> None:
    """Refuse a name that cannot be part of a consumer group, a folder and an MQTT topic. Raises ChainError."""
    if not _SLUG.fullmatch(name):
        raise ChainError(f"{kind} {name!r}: expected a name of a-z, 0-9, - and _, starting with a letter or digit")


def group_of(inputs: Iterable[str], name: str, output: str) -> str:
    """The consumer group of a stage, unique to its inputs, name and output."""
    return f"imagebus.{'+'.join(inputs)}.{name}.{output}"


def dead_letters_of(name: str) -> str:
    """The dead-letter topic of a stage."""
    return f"{DEAD_LETTERS}{name.upper()}"


def pick(chain: Chain, wanted: Iterable[str]) -> dict[str, StageConf]:
    """The stages of these names, all if none is given. Raises ChainError for an unknown name; counting has one too."""
    known = [*chain.stages, *([COUNTING] if chain.counts else [])]
    for name in wanted:
        if name not in known:
            raise ChainError(f"Stage {name}: expected {one_of(name, known)}")
    return {name: stage for name, stage in chain.stages.items() if not wanted or name in wanted}


def _read(tables: dict[str, Any]) -> Chain:
    kinds: dict[str, tuple[str, Any]] = {
        "stages": ("Stage", StageConf),
        "topics": ("Topic", TopicConf),
        "zones": ("Zone", ZoneConf),
        "cameras": ("Camera", CameraConf),
        "outputs": ("Output", Output),
        "alerts": ("Alert", AlertConf),
        "areas": ("Area", AreaConf),
    }
    for section, (kind, conf) in kinds.items():
        if isinstance(named_tables := tables.get(section), dict):
            for name, table in named_tables.items():
                _converted(f"{kind} {name}", table, conf)
    if "counts" in tables:
        _converted("Counts", tables["counts"], CountsConf)
    chain: Chain = _converted("Chain", tables, Chain)
    return chain


def _converted(what: str, table: object, conf: Any) -> Any:
    conf = _of_kind(what, table, conf)
    if isinstance(table, dict) and (
        unknown := table.keys() - {*conf.__struct_fields__, conf.__struct_config__.tag_field}
    ):
        raise ChainError(f"{what}, {min(unknown)}: expected {one_of(min(unknown), conf.__struct_fields__)}")
    try:
        return msgspec.convert(table, conf)
    except msgspec.ValidationError as error:
        message, _, path = str(error).partition(" - at `$")
        where = path.strip("`.")
        raise ChainError(f"{what}{where and ', '}{where}: {message[:1].lower()}{message[1:]}") from None


def _of_kind(what: str, table: object, conf: Any) -> Any:
    """Of several kinds of section the one that this is."""
    kinds = {each.__struct_config__.tag: each for each in get_args(conf)}
    if not kinds:
        return conf
    kind = table.get("kind") if isinstance(table, dict) else None
    if kind not in [*kinds]:
        raise ChainError(f"{what}, kind: expected {one_of(str(kind), kinds)}, got {kind!r}")
    return kinds[kind]
