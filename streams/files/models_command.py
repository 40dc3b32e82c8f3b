"""`imagebus models`: which models there are, and fetching them."""

from __future__ import annotations

from pathlib import Path

import click
from tqdm import tqdm

from functions.core.errors import UsageError
from functions.models import catalogue as known
from functions.models.catalogue import ModelEntry
from streams import settings
from streams.files.download import FetchError
from streams.files.download import fetch as download


@click.group(invoke_without_command=True)
@click.pass_context
def models(context: click.Context) -> None:
    """List the models of the detectors, with what is on this host."""
    known.use_folder(Path(settings.load().models).expanduser())
    if context.invoked_subcommand is None:
        for name, model in known.catalogue().items():
            click.echo(_described(name, model))


@models.command()
@click.argument("name")
def fetch(name: str) -> None:
    """Download a model: resumed where it was cut, and checked."""
    model = known.named(name)
    if _present(name):
        click.echo(f"{name} is here: {known.path_of(name)}")
        return
    if not model.url:
        known.find(name)
    if not model.sha256:
        raise UsageError(f"Model {name}: its checksum is not known, so it is not fetched: {known.how_to_get(name)}")
    target = known.path_of(name)
    try:
        with tqdm(total=model.bytes, unit="B", unit_scale=True, desc=name, disable=None) as bar:
            download(model.url, target, model.sha256, model.bytes, lambda there: bar.update(there - bar.n))
    except FetchError as error:
        raise FetchError(f"{error}; without a network: {known.by_hand(name)}") from None
    click.echo(f"{name}: {target}")


def _described(name: str, model: ModelEntry) -> str:
    rows = {
        "detector": model.detector,
        "size": f"{model.bytes / 1_000_000:.1f} MB",
        "licence": model.licence,
        "source": model.source,
        "sha256": model.sha256 or "not known",
        "file": str(known.path_of(name)) if _present(name) else "not on this host",
    }
    return "\n".join([f"{name}: {model.summary}", *(f"  {word:9}{value}" for word, value in rows.items()), ""])


def _present(name: str) -> bool:
    try:
        return known.find(name).is_file()
    except UsageError:
        return False
