"""Records for redacted topics: words that the chain file does not know are replaced."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import Any

from msgspec.structs import replace

from functions.core import registry
from functions.core.labels import plain
from functions.core.options import Option
from functions.core.registry import FunctionSpec
from functions.motion.background import STARTING, UPSET
from functions.motion.witness import MOVES_UNKNOWN, MOVING
from functions.redaction import evidence as doubt
from functions.redaction.fills import STYLES
from functions.redaction.shape import ANOTHER_SHAPE, NOT_AS_DRAWN
from streams.chain.evidence import Evidence
from streams.chain.types import Chain
from streams.wire.records import Record, WireDetection, WireHop, WireRedaction

VERSION = version("imagebus")

# What stands in the place of a word, a doubt, or a producer's run that may be anybody's.
OTHER, IN_DOUBT, RUN = "other", "in doubt", "0" * 12
_ID = re.compile(r"[0-9a-f]{12}-[0-9]{1,19}(\.[0-9]{1,4})*")
_DOUBTS = doubt.SENTENCES | {STARTING, UPSET, MOVING, MOVES_UNKNOWN, ANOTHER_SHAPE, NOT_AS_DRAWN, IN_DOUBT}


@dataclass(frozen=True)
class Words:
    """The words allowed on a redacted topic: labels by their plain form, stages, functions and styles."""

    labels: Mapping[str, str] = field(default_factory=dict)
    stages: frozenset[str] = frozenset()
    functions: frozenset[str] = frozenset()
    styles: frozenset[str] = frozenset(STYLES)

    def cleaned(self, record: Record) -> Record:
        """The same record with a fixed word in the place of any that is not known."""
        return replace(
            record,
            id=clean_id(record.id, record.seq),
            detections=[self._detection(found) for found in record.detections],
            hops=[self._hop(hop) for hop in record.hops],
            redaction=record.redaction and self._redaction(record.redaction),
        )

    def _label(self, label: str) -> str:
        return self.labels.get(plain(label), OTHER)

    def _detection(self, found: WireDetection) -> WireDetection:
        return replace(found, label=self._label(found.label))

    def _hop(self, hop: WireHop) -> WireHop:
        spec = registry.find(hop.function)
        return replace(
            hop,
            stage=hop.stage if hop.stage in self.stages else OTHER,
            function=hop.function if spec or hop.function in self.functions else OTHER,
            version=hop.version if hop.version == VERSION else OTHER,
            options=_without_words(hop.options, spec.options if spec else {}),
        )

    def _redaction(self, done: WireRedaction) -> WireRedaction:
        return replace(
            done,
            labels=list(dict.fromkeys(map(self._label, done.labels))),
            style=done.style if done.style in self.styles else OTHER,
            doubt=None if done.doubt is None else _sentence(done.doubt),
        )


def words_of(chain: Chain, functions: Mapping[str, FunctionSpec], evidence: Evidence) -> Words:
    """The words of a chain: those of its file, and what its detectors find."""
    redactors = [
        spec.validate(chain.options(stage, spec))
        for stage in chain.stages.values()
        if (spec := functions.get(stage.function)) and spec.redacts
    ]
    labels = (*evidence.labels, *_named(redactors, "labels"))
    return Words(
        labels={plain(label): label for label in reversed(labels)},
        stages=frozenset(chain.stages),
        functions=frozenset(_named(redactors, "detectors")),
        styles=frozenset({*STYLES, *_named(redactors, "style")}),
    )


def clean_id(frame_id: str, seq: int) -> str:
    """A frame's id if it is of the form that producers give it, else one of that form."""
    return frame_id if _ID.fullmatch(frame_id) else f"{RUN}-{seq}"


def _named(options: Iterable[Mapping[str, Any]], name: str) -> list[str]:
    """The words given for an option of that name."""
    values = [each.get(name) for each in options]
    several = [value if isinstance(value, tuple) else (value,) for value in values]
    return [word for words in several for word in words if isinstance(word, str)]


def _sentence(text: str) -> str:
    sentence = text.partition(": ")[0]
    return sentence if sentence in _DOUBTS else IN_DOUBT


def _without_words(said: Mapping[str, Any], known: Mapping[str, Option]) -> dict[str, Any]:
    """The options of a hop without free text, which may be a path or a name; such values become nil."""
    return {name: _unless_words(known[name], value) for name, value in said.items() if name in known}


def _unless_words(option: Option, value: object) -> object:
    default = list(option.default) if isinstance(option.default, tuple) else option.default
    return value if isinstance(value, (int, float)) or value == default or value in option.choices else None
