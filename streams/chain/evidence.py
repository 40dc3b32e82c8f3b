"""The evidence of hops: what a chain file's detectors can find, never what a record claims."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from functions.core import registry
from functions.core.frame import Frame, Hop
from functions.core.labels import plain
from functions.core.registry import FunctionSpec
from functions.redaction.evidence import NOT_IN_CHAIN, OTHER_OPTIONS, UNKNOWN_LABELS
from streams.chain.types import Chain
from streams.wire import records

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Detector:
    """A detector of the chain file: its options as hops write them, and the labels it finds (None: not known here)."""

    said: Mapping[str, object]
    labels: tuple[str, ...] | None
    finds: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "finds", frozenset(map(plain, self.labels or ())))

    def differing(self, options: Mapping[str, object]) -> str | None:
        """The option in which a hop differs from the chain file, None where it does not."""
        if unknown := options.keys() - self.said.keys():
            return f"{len(unknown)} that this host does not know"
        return next((name for name, value in options.items() if _listed(value) != self.said[name]), None)


@dataclass(frozen=True)
class Evidence:
    """The detectors of the chain file, by function."""

    detectors: Mapping[str, Sequence[Detector]] = field(default_factory=dict)

    @property
    def labels(self) -> tuple[str, ...]:
        """All that the detectors can find."""
        return tuple(label for each in self.detectors.values() for detector in each for label in detector.labels or ())

    def judged(self, frame: Frame) -> Frame:
        """The frame, with `finds` or `disbelief` set on each hop."""
        return replace(frame, hops=tuple(map(self._judged, frame.hops)))

    def _judged(self, hop: Hop) -> Hop:
        known = self.detectors.get(hop.function)
        if not known:
            return replace(hop, disbelief=_unknown(hop.function))
        differing = [detector.differing(hop.options) for detector in known]
        fitting = [detector for detector, other in zip(known, differing, strict=True) if other is None]
        if not fitting:
            return replace(hop, disbelief=f"{OTHER_OPTIONS}: {hop.function}, {differing[0]}")
        if any(detector.labels is None for detector in fitting):
            return replace(hop, disbelief=f"{UNKNOWN_LABELS}: {hop.function}")
        # Where a hop does not say which of several it was, it vouches for what all of them find.
        return replace(hop, finds=frozenset.intersection(*(detector.finds for detector in fitting)))


def _unknown(function: str) -> str:
    spec = registry.find(function)
    return f"{NOT_IN_CHAIN}: {function}" if spec and spec.labels else ""


def of_chain(chain: Chain, functions: Mapping[str, FunctionSpec]) -> Evidence:
    """What the detectors of a chain can find; loads the model of one whose labels are in it."""
    found: dict[str, list[Detector]] = {}
    for name, stage in chain.stages.items():
        spec = functions.get(stage.function)
        if spec and spec.labels:
            options = spec.validate(chain.options(stage, spec))
            found.setdefault(spec.name, []).append(Detector(_written(options), _labels(name, spec, options)))
    return Evidence(found)


def said(options: Mapping[str, object]) -> dict[str, object]:
    """Options as a hop says them: one that is too long for a record, such as a camera's zones, is nil."""
    return {name: value if records.option_fits(value) else None for name, value in options.items()}


def _written(options: Mapping[str, object]) -> dict[str, object]:
    return {name: _listed(value) for name, value in said(options).items()}


def _listed(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value


def _labels(name: str, spec: FunctionSpec, options: Mapping[str, object]) -> tuple[str, ...] | None:
    try:
        return spec.findable(options)
    except Exception as error:  # its model may be on another host
        text = "Stage %s: this host cannot tell what %s finds, so its frames are doubted: %s: %s"
        log.warning(text, name, spec.name, type(error).__name__, error, extra={"fields": {"stage": name}})
        return None
