"""Validation of a chain before anything starts: above all, no raw pictures on a redacted topic."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping

from functions.core.errors import UsageError, did_you_mean, one_of
from functions.core.options import OptionError
from functions.core.registry import FunctionSpec
from streams.chain import types as chains
from streams.chain.alerts_check import check_alerts
from streams.chain.counts_section import NAME as COUNTING
from streams.chain.counts_section import CountsConf
from streams.chain.function_options import registered
from streams.chain.outputs_section import OutputConf, RecordingConf
from streams.chain.types import Chain, ChainError, StageConf, check_name, dead_letters_of
from streams.settings import Settings
from streams.wire.alerts import ALERTS
from streams.wire.cameras import CAMERAS, ZONES
from streams.wire.counts import COUNTS, VISITS
from streams.wire.names import why_no_name

# Where producers write when they are not told otherwise.
SOURCE = "SOURCE_FRAME"
NUMBERS = {VISITS, COUNTS, CAMERAS, ZONES, ALERTS}
_TOPIC = re.compile(r"[A-Za-z0-9._-]{1,200}")


def checked(settings: Settings, path: str = "") -> Chain:
    """The validated chain of a file, by default the one that the settings name. Raises UsageError."""
    path = path or settings.chain
    chain = chains.load(path)
    with chains.named(path):
        check(chain, registered(settings))
    return chain


def check(chain: Chain, functions: Mapping[str, FunctionSpec]) -> None:
    """Refuse a chain that could not run, or that would put raw pictures on a redacted topic. Raises ChainError."""
    for name, stage in chain.stages.items():
        check_stage(chain, functions, name, stage)
    _refuse_misnamed(chain)
    for name, stage in chain.stages.items():
        _refuse_unwritten(chain, name, stage)
    refuse_circle(chain.stages)
    if chain.counts:
        _check_counts(chain, chain.counts)
    for name, output in chain.outputs.items():
        _check_output(chain, name, output)
    _refuse_shared_folders(chain)
    check_alerts(chain)
    for name, camera in chain.cameras.items():
        if why := why_no_name(name):
            raise ChainError(f"Camera: {why}")
        if chain.redacted(camera.topic):
            raise ChainError(
                f"Camera {name}, topic: expected a topic for raw pictures, got {camera.topic}, which holds only "
                "redacted ones"
            )
        if not _TOPIC.fullmatch(camera.topic) or camera.topic in NUMBERS:
            raise ChainError(f"Camera {name}, topic: expected a topic of pictures, got {camera.topic!r}")


def check_stage(chain: Chain, functions: Mapping[str, FunctionSpec], name: str, stage: StageConf) -> None:
    """Refuse one stage, of the chain or beside it. Raises ChainError."""
    check_name("Stage", name)
    if not stage.inputs:
        raise ChainError(f"Stage {name}: expected a topic to read, got none")
    for topic in (*stage.inputs, stage.output):
        if not _TOPIC.fullmatch(topic):
            raise ChainError(f"Stage {name}: expected a topic of letters, digits, '.', '_' and '-', got {topic!r}")
    if stage.output in stage.inputs:
        raise ChainError(f"Stage {name}: expected an output that is not its input, got {stage.output} for both")
    _check_function(name, stage, functions)
    _refuse_raw(chain, functions[stage.function], name, stage)


def refuse_circle(stages: Mapping[str, StageConf]) -> None:
    """Refuse a cycle: stages that would read what they wrote. Raises ChainError."""
    clear: set[str] = set()
    for name in stages:
        _walk(stages, name, (), clear)


def _walk(stages: Mapping[str, StageConf], name: str, path: tuple[str, ...], clear: set[str]) -> None:
    """Depth-first search downstream of a stage; `clear` are stages known to lead into no cycle."""
    if name in path:
        circle = " ─> ".join(f"{stage} ─> {stages[stage].output}" for stage in path[path.index(name) :])
        raise ChainError(f"Stage {name}: expected records that come to an end, got a circle: {circle} ─> {name}")
    if name not in clear:
        for reader, stage in stages.items():
            if not _written_by(name, stages[name]).isdisjoint(stage.inputs):
                _walk(stages, reader, (*path, name), clear)
        clear.add(name)


def _refuse_misnamed(chain: Chain) -> None:
    """A misspelt topic in the file would leave the one that was meant without its `redacted`."""
    dead = [dead_letters_of(name) for name in (*chain.stages, *([COUNTING] if chain.counts else []))]
    meant = [topic for topic in (*chain.topic_names, *dead) if topic not in chain.topics]
    for topic, conf in chain.topics.items():
        if topic not in (*chain.topic_names, *dead) and (hint := did_you_mean(topic, meant)):
            raise ChainError(f"Topic {topic}: expected a topic that a stage reads or writes, got none{hint}")
        if conf.redacted and topic in dead:
            raise ChainError(f"Topic {topic}: expected a topic that is not redacted, since dead letters are raw")


def _refuse_unwritten(chain: Chain, name: str, stage: StageConf) -> None:
    written = {topic: None for each in chain.stages.items() for topic in sorted(_written_by(*each))}
    for topic in stage.inputs:
        if topic not in {SOURCE, *written, *chain.topics}:
            hint = did_you_mean(topic, [SOURCE, *written, *chain.topics])
            raise ChainError(
                f"Stage {name}, input {topic}: expected a topic that a stage writes, {SOURCE}, or one that the file "
                f"declares as [topics.{topic}] since others write it{hint}"
            )


def _check_counts(chain: Chain, counts: CountsConf) -> None:
    try:
        counts.zone()
    except UsageError as error:
        raise ChainError(f"Counts, time_zone: {error}") from None
    if counts.input not in (known := [*chain.topic_names, *chain.topics]):
        raise ChainError(f"Counts, input: expected {one_of(counts.input, known)}, got {counts.input}")
    if COUNTING in chain.stages:
        raise ChainError(f"Stage {COUNTING}: expected another name, since the chain counts and that is its name")
    for name, stage in chain.stages.items():
        if taken := NUMBERS & {*stage.inputs, stage.output}:
            raise ChainError(f"Stage {name}: expected a topic of pictures, got {min(taken)}, which holds numbers")


def _check_output(chain: Chain, name: str, output: OutputConf) -> None:
    check_name("Output", name)
    if output.topic not in (known := [*chain.topic_names, *chain.topics]) or output.topic in NUMBERS:
        raise ChainError(f"Output {name}, topic: expected {one_of(output.topic, known)}, got {output.topic}")
    if not chain.redacted(output.topic) and not output.raw:
        raise ChainError(
            f"Output {name}, topic: expected a redacted topic, or raw = true, which lets out pictures that may show "
            f"people, got {output.topic}"
        )


def _refuse_shared_folders(chain: Chain) -> None:
    """Two recordings of one folder would remove one another's files, and a raw one show in the other's."""
    taken: dict[str, str] = {}
    for name, output in chain.outputs.items():
        if isinstance(output, RecordingConf):
            folder = os.path.abspath(output.dir)
            if folder in taken:
                raise ChainError(f"Output {name}, dir: expected a folder of its own, got that of {taken[folder]}")
            taken[folder] = name


def _written_by(name: str, stage: StageConf) -> set[str]:
    return {stage.output, dead_letters_of(name)}


def _refuse_raw(chain: Chain, spec: FunctionSpec, name: str, stage: StageConf) -> None:
    if chain.redacted(stage.output) and not spec.redacts and not all(map(chain.redacted, stage.inputs)):
        raise ChainError(
            f"Stage {name}: expected a redactor, since {stage.output} is a redacted topic and "
            f"{' and '.join(stage.inputs)} is not; {spec.name} is none"
        )


def _check_function(name: str, stage: StageConf, functions: Mapping[str, FunctionSpec]) -> None:
    if stage.function not in functions:
        raise ChainError(f"Stage {name}, function {stage.function}: expected {one_of(stage.function, functions)}")
    try:
        functions[stage.function].validate(stage.options)
    except OptionError as error:
        raise ChainError(f"Stage {name}: {error}") from None
