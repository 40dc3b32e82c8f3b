"""The recordings of a chain file, of which a command takes one or all."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from functions.core.errors import UsageError, one_of
from streams.chain.outputs_section import RecordingConf
from streams.chain.types import Chain
from streams.recording import folder


class Recording(NamedTuple):
    """One [outputs.NAME] of kind recording; `redacted` says of its topic that it holds nothing else."""

    name: str
    conf: RecordingConf
    redacted: bool

    @property
    def root(self) -> Path:
        return Path(self.conf.dir)


def recordings_of(chain: Chain) -> list[Recording]:
    """The recordings of the chain."""
    return [
        Recording(each, conf, chain.redacted(conf.topic))
        for each, conf in chain.outputs.items()
        if isinstance(conf, RecordingConf)
    ]


def recordings(chain: Chain, name: str = "") -> list[Recording]:
    """The recordings of the chain, or the one of this name. Raises UsageError where there is none."""
    if not (found := recordings_of(chain)):
        raise UsageError('Expected an [outputs.NAME] of kind = "recording" in the chain file, got none')
    if not name:
        return found
    if not (named := [each for each in found if each.name == name]):
        raise UsageError(f"--output {name}: expected {one_of(name, [each.name for each in found])}")
    return named


def with_source(chosen: list[Recording], source: str) -> list[Recording]:
    """Those that hold something of a source. Raises UsageError where none does."""
    known = {each.name: [*folder.sources(each.root).values()] if each.root.is_dir() else [] for each in chosen}
    if found := [each for each in chosen if source in known[each.name]]:
        return found
    names = sorted({name for held in known.values() for name in held})
    raise UsageError(f"{source}: expected a source that is recorded: {one_of(source, names)}")


def of_source(chosen: list[Recording], source: str) -> Recording:
    """The one that holds something of a source. Raises UsageError where none does, or several do."""
    found = with_source(chosen, source)
    if len(found) > 1:
        raise UsageError(f"{source}: recorded by {' and '.join(each.name for each in found)}: --output says which")
    return found[0]
