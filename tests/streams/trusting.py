"""What a redactor's work knows of a chain, as its worker reads it at start."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from functions.core import registry
from streams.chain.evidence import of_chain
from streams.chain.redacted_words import words_of
from streams.chain.types import Chain, StageConf
from streams.stage.invocation import Invocation

Options = Mapping[str, object]


def detector(function: str = "detect_objects", **options: object) -> StageConf:
    """A detector as the chain file has it."""
    return StageConf(function=function, input="SOURCE_FRAME", output="IMAGEAI_FRAME", options=options)


def in_chain(work: Invocation, **detectors: StageConf) -> Invocation:
    """The same work as a stage of a chain with these detectors, by default one of 80 labels."""
    own = StageConf(function=work.spec.name, input="IMAGEAI_FRAME", output="REDACTION_FRAME", options=work.options)
    stages = {**(detectors or {"detect": detector()}), work.stage: own}
    chain, functions = Chain(stages=stages), registry.load()
    known = of_chain(chain, functions)
    return replace(work, evidence=known, words=words_of(chain, functions, known))
