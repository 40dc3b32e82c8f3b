"""What of a chain file is run over files: the stages that lead to its redactor, in a row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, NamedTuple

from functions.core.frame import Hop
from functions.core.labels import plain
from functions.core.registry import FunctionSpec
from streams.chain.types import Chain, ChainError, StageConf
from streams.files.steps import hop_of

Given = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class Run:
    """A function with its options."""

    spec: FunctionSpec
    options: dict[str, Any]

    @cached_property
    def hop(self) -> Hop:
        """What a frame says that it saw."""
        return hop_of(self.spec, self.options)

    def new_state(self) -> tuple[Any, ...]:
        """A memory of its own for a file, none where it has none: its second argument."""
        return () if self.spec.state is None else (self.spec.state(),)


class FileChain(NamedTuple):
    """The functions of a chain that are run over a file, the redactor last."""

    looks: tuple[Run, ...]
    redactor: Run

    def prepare(self) -> None:
        """Load what they need. Raises UsageError where something is missing."""
        for run in (*self.looks, self.for_source("file").redactor):
            run.spec.prepare(run.options)

    def for_source(self, name: str) -> FileChain:
        """The same for a file of this name: zones that name no source are its own, too."""
        zones = self.redactor.options.get("zones", ())
        return self._with(zones=tuple(text if ": " in text else f"{name}: {text}" for text in zones)) if zones else self

    def for_a_still(self) -> FileChain:
        """The same for a single picture, of which nothing says what moves."""
        return self._with(motion=False) if "motion" in self.redactor.options else self

    def _with(self, **options: Any) -> FileChain:
        return self._replace(redactor=replace(self.redactor, options=self.redactor.options | options))


def stages_in_a_row(chain: Chain, functions: Mapping[str, FunctionSpec]) -> dict[str, StageConf]:
    """The stages from the pictures as they came to the chain's redactor, by name. Raises ChainError."""
    name = _redactor_of(chain, functions)
    row = {name: chain.stages[name]}
    while writers := _writers_of(chain, next(iter(row)), next(iter(row.values()))):
        row = writers | row
    return row


def file_chain(chain: Chain, functions: Mapping[str, FunctionSpec], given: Given) -> FileChain:
    """The functions of these stages, with what was `given` by stage in place of their options.

    Raises OptionError, and ChainError for labels that no detector of them can find.
    """
    runs = [
        _run(chain, stage, functions[stage.function], given.get(name, {}))
        for name, stage in stages_in_a_row(chain, functions).items()
    ]
    found = FileChain(tuple(runs[:-1]), runs[-1])
    _refuse_unfindable(found)
    return found


def _run(chain: Chain, stage: StageConf, spec: FunctionSpec, given: Mapping[str, Any]) -> Run:
    options = {**chain.options(stage, spec), **given}
    if spec.redacts and "on_doubt" in spec.options:
        options["on_doubt"] = "cover"  # a file keeps all its frames
    return Run(spec, spec.validate(options))


def _redactor_of(chain: Chain, functions: Mapping[str, FunctionSpec]) -> str:
    writing = {name: stage for name, stage in chain.stages.items() if functions[stage.function].redacts}
    read = {topic for stage in writing.values() for topic in stage.inputs}
    last = [name for name, stage in writing.items() if stage.output not in read]
    if len(last) != 1:
        raise ChainError(f"expected one redactor at the end of the chain, got {', '.join(last) or 'none'}")
    return last[0]


def _writers_of(chain: Chain, name: str, stage: StageConf) -> dict[str, StageConf]:
    """The one stage that writes what this one reads; none where producers do."""
    writers = {each: conf for each, conf in chain.stages.items() if conf.output in stage.inputs}
    if len(stage.inputs) != 1 or len(writers) > 1:
        topics, names = ", ".join(stage.inputs), ", ".join(writers)
        raise ChainError(f"Stage {name}: expected stages in a row for a file, got inputs {topics} written by {names}")
    return writers


def _refuse_unfindable(chain: FileChain) -> None:
    wanted, believed = (chain.redactor.options.get(each, ()) for each in ("labels", "detectors"))
    findable = [label for run in chain.looks for label in run.spec.findable(run.options)]
    missing = [label for label in wanted if plain(label) not in map(plain, findable)]
    if missing and not believed:
        finds = ", ".join(findable) or "nothing"
        raise ChainError(
            f"Labels {', '.join(missing)}: expected what the chain's detectors find ({finds}); --faces, --people or "
            "--chain FILE choose another detector"
        )
