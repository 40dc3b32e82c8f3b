"""The chain file: which functions run as stages between which topics."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from functions.errors import UsageError
from functions.registry import FunctionSpec, OptionError
from functions.zones import zone

DEFAULT = Path(__file__).with_name("chain.toml")
_SLUG = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_TOPIC = re.compile(r"[A-Za-z0-9._-]{1,200}")


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
    """What is special about one topic."""

    redacted: bool = False
    retention_s: float | None = None
    partitions: int | None = None


class ZoneConf(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Polygons of one source, in pixels: always covered, or never."""

    cover: list[Annotated[list[tuple[float, float]], Meta(min_length=3)]] = []
    ignore: list[Annotated[list[tuple[float, float]], Meta(min_length=3)]] = []

    def words(self, source: str) -> tuple[str, ...]:
        """The same as a function's option `zones` takes it."""
        kinds = {"cover": self.cover, "ignore": self.ignore}
        return tuple(zone(source, kind, polygon) for kind, polygons in kinds.items() for polygon in polygons)


class Chain(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A whole chain: stages, topics and zones by name."""

    stages: dict[str, StageConf]
    topics: dict[str, TopicConf] = {}
    zones: dict[str, ZoneConf] = {}

    @property
    def topic_names(self) -> tuple[str, ...]:
        """Every topic that a stage reads or writes, in the order of the file."""
        named = (topic for stage in self.stages.values() for topic in (*stage.inputs, stage.output))
        return tuple(dict.fromkeys(named))

    def options(self, stage: StageConf, spec: FunctionSpec) -> dict[str, Any]:
        """What is said to a stage's function: its options, and the zones where it knows what they are."""
        zones = tuple(words for source, conf in self.zones.items() for words in conf.words(source))
        if not zones or "zones" not in spec.options:
            return stage.options
        return stage.options | {"zones": (*stage.options.get("zones", ()), *zones)}

    def redacted(self, topic: str) -> bool:
        """Whether the topic may hold nothing but redacted pictures."""
        return topic in self.topics and self.topics[topic].redacted


def load(path: str | Path = "") -> Chain:
    """The chain of a file, by default the one that ships. Raises ChainError."""
    path = Path(path or DEFAULT)
    try:
        return msgspec.toml.decode(path.read_bytes(), type=Chain)
    except OSError as error:
        raise ChainError(f"{path}: expected a chain file, got: {error.strerror}") from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ChainError(f"{path}: {error}") from None


@contextmanager
def named(path: str | Path) -> Iterator[None]:
    """Let errors within say which file they are about."""
    try:
        yield
    except ChainError as error:
        raise ChainError(f"{path or DEFAULT}: {error}") from None


def check(chain: Chain, functions: Mapping[str, FunctionSpec]) -> None:
    """Refuse a chain that could not run, or that would put raw pictures on a redacted topic. Raises ChainError."""
    for name, stage in chain.stages.items():
        if not _SLUG.fullmatch(name):
            raise ChainError(f"Stage {name!r}: expected a name of a-z, 0-9, - and _, starting with a letter or digit")
        for topic in (*stage.inputs, stage.output):
            if not _TOPIC.fullmatch(topic):
                raise ChainError(f"Stage {name}: expected a topic of letters, digits, '.', '_' and '-', got {topic!r}")
        if stage.output in stage.inputs:
            raise ChainError(f"Stage {name}: expected an output that is not its input, got {stage.output} for both")
        _check_function(name, stage, functions)
        refuse_raw(chain, functions[stage.function], name, stage.inputs, stage.output)


def refuse_raw(chain: Chain, spec: FunctionSpec, name: str, inputs: Iterable[str], output: str) -> None:
    """Refuse a stage that would write un-redacted pictures to a redacted topic. Raises ChainError."""
    if chain.redacted(output) and not spec.redacts and not all(map(chain.redacted, inputs)):
        raise ChainError(
            f"Stage {name}: expected a redactor, since {output} is a redacted topic and {' and '.join(inputs)} is not; "
            f"{spec.name} is none"
        )


def group_of(inputs: Iterable[str], name: str, output: str) -> str:
    """The consumer group of a stage: no two different stages share one."""
    return f"imagebus.{'+'.join(inputs)}.{name}.{output}"


def dead_letters_of(name: str) -> str:
    """The dead-letter topic of a stage."""
    return f"DEAD_{name.upper()}"


def pick(chain: Chain, wanted: Iterable[str]) -> dict[str, StageConf]:
    """The stages named, all if none is. Raises ChainError for a name the chain has not."""
    for name in wanted:
        if name not in chain.stages:
            raise ChainError(f"Stage {name}: expected {_one_of(name, chain.stages)}")
    return {name: stage for name, stage in chain.stages.items() if not wanted or name in wanted}


def _check_function(name: str, stage: StageConf, functions: Mapping[str, FunctionSpec]) -> None:
    if stage.function not in functions:
        raise ChainError(f"Stage {name}, function {stage.function}: expected {_one_of(stage.function, functions)}")
    try:
        functions[stage.function].validate(stage.options)
    except OptionError as error:
        raise ChainError(f"Stage {name}: {error}") from None


def _one_of(word: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(word, known, n=1)
    return f"one of {', '.join(known)}" + (f"; did you mean {near[0]}?" if near else "")
