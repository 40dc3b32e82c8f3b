"""`imagebus chain check|show FILE`: whether a chain file can run, and how it hangs together."""

from __future__ import annotations

from collections.abc import Iterator

import click

from streams import settings
from streams.chain.alerts_check import undrawn
from streams.chain.check import checked
from streams.chain.counts_section import NAME as COUNTING
from streams.chain.outputs_section import kind_of
from streams.chain.types import Chain, StageConf
from streams.wire.counts import COUNTS, VISITS

_file = click.argument("file", type=click.Path(), default="")


@click.group()
def chain() -> None:
    """Look at a chain file; without FILE the one that IMAGEBUS_CHAIN names, else the one that ships."""


@chain.command()
@_file
def check(file: str) -> None:
    """Say whether the chain in FILE can run."""
    found = checked(settings.load(), file)
    for name, output in found.outputs.items():
        if not found.redacted(output.topic):
            click.echo(f"Output {name} is raw: it lets out {output.topic}, whose pictures may show people")
    for said in undrawn(found):
        click.echo(said)
    click.echo(f"{len(found.stages)} stages over {len(found.topic_names)} topics: the chain can run")


@chain.command()
@_file
def show(file: str) -> None:
    """Draw the chain in FILE."""
    click.echo(drawn(checked(settings.load(), file)))


def drawn(chain: Chain) -> str:
    """The chain as a tree of text: topics, and below each the stages that read it."""
    written = {stage.output for stage in chain.stages.values()}
    read = [topic for stage in chain.stages.values() for topic in stage.inputs]
    roots = [topic for topic in dict.fromkeys(read) if topic not in written]
    seen: set[str] = set()
    lines = [line for root in roots for line in [_topic(chain, root), *_below(chain, root, seen)]]
    if chain.counts:
        lines += [_topic(chain, chain.counts.input), f"└─ {COUNTING} ─> {VISITS} ─> {COUNTS}"]
    for name, output in chain.outputs.items():
        lines += [_topic(chain, output.topic), f"└─ {name} ({kind_of(output)})"]
    return "\n".join(lines)


def _below(chain: Chain, topic: str, seen: set[str]) -> Iterator[str]:
    readers = [(name, stage) for name, stage in chain.stages.items() if topic in stage.inputs]
    for at, (name, stage) in enumerate(readers, start=1):
        branch, indent = ("└─ ", "   ") if at == len(readers) else ("├─ ", "│  ")
        yield f"{branch}{_stage(name, stage)} ─> {_topic(chain, stage.output)}"
        if stage.output not in seen:  # drawn once, however many stages write it
            seen.add(stage.output)
            yield from (indent + line for line in _below(chain, stage.output, seen))


def _stage(name: str, stage: StageConf) -> str:
    function = "" if stage.function == name else f" = {stage.function}"
    values = {
        name: ",".join(map(str, each)) if isinstance(each, list) else each for name, each in stage.options.items()
    }
    options = "".join(f" {name}={value}" for name, value in values.items())
    return f"{name}{function}{options}"


def _topic(chain: Chain, name: str) -> str:
    return f"{name} (redacted)" if chain.redacted(name) else name
