"""`imagebus functions` lists the functions, `imagebus try` runs them on a file without a broker."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Self

import click
import msgspec
from tqdm import tqdm

from functions.core.errors import UsageError, one_of
from functions.core.frame import Detection, Frame
from functions.core.registry import FunctionError, FunctionSpec
from streams import settings
from streams.chain.function_options import click_options, given, registered
from streams.files.reader import FrameReader
from streams.files.steps import Step, drawn, step
from streams.files.writer import open_output
from streams.video.pictures import is_picture


def all_functions() -> dict[str, FunctionSpec]:
    """Every function by name: those that ship, and those of IMAGEBUS_FUNCTIONS. Raises FunctionError."""
    return registered(settings.load())


@click.command()
def functions() -> None:
    """List the functions with their options."""
    for spec in all_functions().values():
        formatter = click.HelpFormatter(width=100)
        with formatter.section(f"{spec.name}{_marks(spec)}"):
            formatter.write_text(spec.summary)
            context = click.Context(click.Command(spec.name))
            records = [record for option in click_options(spec) if (record := option.get_help_record(context))]
            if records:
                formatter.write_dl(records)
        click.echo(formatter.getvalue())


class _Try(click.Group):
    """Every function, or several with commas between, is a command of its own with the functions' options."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(all_functions())

    def get_command(self, ctx: click.Context, name: str) -> click.Command:
        known = all_functions()
        specs = [_known(word, known) for word in settings.names(name)]
        prefixes = ["" if len(specs) == 1 else f"{spec.name}." for spec in specs]
        return _one_try(name, list(zip(specs, prefixes, strict=True)))


@click.command(cls=_Try, subcommand_metavar="FUNCTION[,FUNCTION…] FILE [OPTIONS]")
def try_() -> None:
    """Run functions on a picture or a video, without a broker.

    Writes the result with -o, boxes drawn where a detector comes last; otherwise prints what was found: a table, or
    lines of JSON where another program reads them.
    """


class _OneLineErrors(click.Command):
    def make_context(self, *args: Any, **kwargs: Any) -> click.Context:
        try:
            return super().make_context(*args, **kwargs)
        except click.UsageError as error:
            raise UsageError(f"{self.name}: {error.format_message()}") from None


def _one_try(name: str, chosen: list[tuple[FunctionSpec, str]]) -> click.Command:
    def run(file: Path, out: Path | None, **params: Any) -> None:
        steps = [step(spec, spec.validate(_still(spec, file) | given(spec, params, prefix))) for spec, prefix in chosen]
        last, _ = chosen[-1]
        _run([*steps, drawn] if out and last.labels else steps, file, out)

    return _OneLineErrors(
        name,
        callback=run,
        params=[
            click.Argument(["file"], type=click.Path(path_type=Path)),
            click.Option(["-o", "--out"], type=click.Path(path_type=Path), help="Write the result to this file."),
            *(option for spec, prefix in chosen for option in click_options(spec, prefix)),
        ],
        help=" Then: ".join(spec.summary for spec, _ in chosen),
    )


def _still(spec: FunctionSpec, file: Path) -> dict[str, Any]:
    """A redactor's options for a single picture: without motion, since one with no background model yet covers all."""
    return {"motion": False} if spec.redacts and "motion" in spec.options and is_picture(file) else {}


def _run(steps: list[Step], file: Path, out: Path | None) -> None:
    source = FrameReader(file, _say)
    with open_output(out, file, source.is_picture) if out else _Printer() as output:
        frames: Iterable[Frame] = tqdm(
            source.frames(), total=source.total, unit="frame", disable=source.is_picture or None
        )
        for each in steps:
            frames = each(frames)
        for result in frames:
            output.write(result)
    if source.losses:
        sys.exit(1)


def _say(text: str) -> None:
    tqdm.write(text, file=sys.stderr)


class _Printer:
    """Prints what was found: a table for people, lines of JSON for another program."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        pass

    def write(self, frame: Frame) -> None:
        tqdm.write((_table if sys.stdout.isatty() else _json)(frame))


def _known(word: str, known: dict[str, FunctionSpec]) -> FunctionSpec:
    if word not in known:
        raise FunctionError(f"Function {word}: expected {one_of(word, known)}")
    return known[word]


def _marks(spec: FunctionSpec) -> str:
    marks = {"detector": spec.labels, "redactor": spec.redacts, "has a memory": spec.state}
    words = [word for word, marked in marks.items() if marked]
    return f" ({', '.join(words)})" if words else ""


def _table(frame: Frame) -> str:
    found = [_row(frame, detection) for detection in frame.detections]
    return "\n".join(found) or f"frame {frame.seq}: nothing found"


def _row(frame: Frame, found: Detection) -> str:
    box = " ".join(f"{value:7.1f}" for value in found.xyxy)
    notes = [f"track {found.track}"] * (found.track is not None) + ["hidden"] * found.hidden
    return f"frame {frame.seq:6}  {found.label:16} {found.confidence:5.0%}  {box}  {' '.join(notes)}".rstrip()


def _json(frame: Frame) -> str:
    line = {
        "source": frame.source,
        "seq": frame.seq,
        "at_s": frame.captured_at / 1_000_000,
        "size_wh": frame.size_wh,
        "detections": frame.detections,
        "redaction": frame.redaction,
    }
    return msgspec.json.encode(line).decode()
