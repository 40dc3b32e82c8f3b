"""`imagebus redact`: files in, redacted files out."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from functions.core.errors import UsageError
from functions.core.registry import FunctionSpec
from streams import settings
from streams.chain.check import checked
from streams.chain.function_options import click_options, given, registered
from streams.chain.types import DEFAULT, Chain
from streams.file_redaction.chain import file_chain, stages_in_a_row
from streams.file_redaction.coming_from_deface import answer_to
from streams.file_redaction.plan import plan
from streams.file_redaction.report import write_report
from streams.file_redaction.run import Interrupted, redact_files
from streams.file_redaction.sound import AUDIO
from streams.file_redaction.tally import Outcome
from streams.file_redaction.video_result import ENCODERS, Form

_FACES = DEFAULT.with_name("chain-faces.toml")
_IN_DOUBT, _NOT_READ, _STOPPED = 3, 1, 130


class _Redact(click.Command):
    """The options are those of the chain that is chosen on the same command line."""

    def make_context(self, *args: Any, **kwargs: Any) -> click.Context:
        try:
            return super().make_context(*args, **kwargs)
        except click.NoSuchOption as error:
            answer = answer_to(error.option_name)
            raise UsageError(f"redact: {answer or error.format_message()}") from None
        except click.UsageError as error:
            raise UsageError(f"redact: {error.format_message()}") from None

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        chain, functions = _chosen(_chain_in(args))
        self.params = [each for each in self.params if not _of_a_function(each)]
        for name, stage in stages_in_a_row(chain, functions).items():
            spec = _as_set(functions[stage.function], stage.options)
            self.params += [each for each in click_options(spec, _prefix(name, spec)) if each.name not in _FIXED]
        return super().parse_args(ctx, args)


@click.command(cls=_Redact)
@click.argument("files", nargs=-1, required=True, metavar="FILES|FOLDERS|PATTERNS …")
@click.option("-o", "--out", type=click.Path(path_type=Path), help="Folder for the results, or a result's own name.")
@click.option("--faces", "chain", flag_value=str(_FACES), help="Hide faces.")
@click.option("--people", "chain", flag_value=str(DEFAULT), help="Hide people.")
@click.option("--chain", "chain", metavar="FILE", help="Hide what this chain file hides; by default IMAGEBUS_CHAIN.")
@click.option("--codec", type=click.Choice(list(ENCODERS)), default="h264", show_default=True, help="Of videos.")
@click.option("--crf", type=click.IntRange(0, 51), help="Their quality; less is better.")
@click.option("--audio", type=click.Choice(AUDIO), default="none", show_default=True, help="What is heard in videos.")
@click.option("--overwrite", is_flag=True, help="Redact again what is there already.")
@click.option("--report", type=click.Path(path_type=Path, file_okay=False), help="Folder for a report: HTML and JSON.")
def redact(
    files: Sequence[str],
    out: Path | None,
    chain: str | None,
    codec: Any,
    crf: int | None,
    audio: Any,
    overwrite: bool,
    report: Path | None,
    **options: Any,
) -> None:
    """Redact files without a broker: pictures stay pictures, videos get new ones of the same frames at the same times.

    A result is CLIP_redacted.mp4 beside its source, or in the folder -o. Sound is left out, metadata always. What is
    there already is skipped, so a run that was cut goes on where it was.

    Exit code: 0 where every frame was vouched for, 3 where some are covered wholly for doubt, 1 where some could not be
    read or a file has no result.
    """
    chosen, functions = _chosen(chain or "")
    row = {name: functions[stage.function] for name, stage in stages_in_a_row(chosen, functions).items()}
    runs = file_chain(
        chosen, functions, {name: given(spec, options, _prefix(name, spec)) for name, spec in row.items()}
    )
    todo = plan(files, out, overwrite)
    for job in todo.skipped:
        click.echo(f"{job.source}: skipped, {job.result} is there; --overwrite redacts it again")
    runs.prepare()
    try:
        done = redact_files(todo.jobs, runs, Form(codec, crf, audio))
    except Interrupted as stopped:
        done = stopped.done
        click.echo(f"stopped: {len(done)} of {len(todo.jobs)} files are done; the same command goes on", err=True)
    if report:
        click.echo(f"report: {write_report(report, done)}")
    sys.exit(_STOPPED if len(done) < len(todo.jobs) else _exit_code([each.outcome for each in done]))


def _exit_code(outcomes: Sequence[Outcome]) -> int:
    if any(each.failed or each.lost for each in outcomes):
        return _NOT_READ
    return _IN_DOUBT if any(each.in_doubt for each in outcomes) else 0


# Options of a redactor that files have no use for: a frame in doubt is covered, or the file would lose it.
_FIXED = frozenset({"option_on_doubt"})


def _prefix(stage: str, spec: FunctionSpec) -> str:
    """Options of the redactor are said as they are, those of a stage before it with its name: `--detect.tiles`."""
    return "" if spec.redacts else f"{stage}."


def _of_a_function(parameter: click.Parameter) -> bool:
    return str(parameter.name).startswith("option_")


def _as_set(spec: FunctionSpec, options: Mapping[str, Any]) -> FunctionSpec:
    """The function with what its stage sets as defaults, for the help."""
    known = spec.validate(options)
    return replace(spec, options={name: replace(each, default=known[name]) for name, each in spec.options.items()})


def _chosen(path: str) -> tuple[Chain, Mapping[str, FunctionSpec]]:
    current = settings.load()
    return checked(current, path), registered(current)


def _chain_in(args: Sequence[str]) -> str:
    """The chain file that is chosen on a command line, whose other words are not known yet."""
    found = ""
    words = {"--faces": str(_FACES), "--people": str(DEFAULT)}
    for word, following in zip(args, [*args[1:], ""], strict=True):
        found = words.get(word, following if word == "--chain" else found)
        found = word.removeprefix("--chain=") if word.startswith("--chain=") else found
    return found
