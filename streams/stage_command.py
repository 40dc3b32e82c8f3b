"""`imagebus stage FUNCTION`: one function as a stage, between any two topics."""

from __future__ import annotations

from typing import Any

import click
import faust

from functions.core.registry import FunctionSpec
from streams import settings as config
from streams.app import stage_app
from streams.chain import types as chains
from streams.chain.check import checked, refuse_circle
from streams.chain.function_options import click_options, given, registered
from streams.chain.types import StageConf
from streams.worker.process import worker_of


class _Stages(click.Group):
    """One subcommand a function, whose options are the function's own."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_functions())

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        spec = _functions().get(name)
        return _command(spec) if spec else None


@click.group(cls=_Stages, subcommand_metavar="FUNCTION [LABELS]... [OPTIONS]")
def stage() -> None:
    """Run one function as a stage: its own consumer group, from one topic to another."""


def _functions() -> dict[str, FunctionSpec]:
    return registered(config.load())


def _command(spec: FunctionSpec) -> click.Command:
    inputs, output = _usual_topics(spec)
    shown = {"show_default": True}
    parameters: list[click.Parameter] = [
        click.Option(
            ["-i", "--input", "inputs"], multiple=True, default=inputs, help="Topic to read; may repeat", **shown
        ),
        click.Option(["-t", "--topic"], default=output, help="Topic to write.", **shown),
        click.Option(["-n", "--name"], default=spec.name, help="Name of the stage.", **shown),
        *click_options(spec),
    ]
    if "labels" in spec.options:
        parameters.append(click.Argument(["words"], nargs=-1, metavar="[LABELS]..."))

    def run(inputs: tuple[str, ...], topic: str, name: str, words: tuple[str, ...] = (), **params: Any) -> None:
        options = given(spec, params) | ({"labels": words} if words else {})
        _run(name, StageConf(function=spec.name, input=list(inputs), output=topic, options=options))

    return click.Command(spec.name, params=parameters, callback=run, help=spec.summary)


def _usual_topics(spec: FunctionSpec) -> tuple[tuple[str, ...], str]:
    """Where the chain has this function; else a detector reads what producers write, any other what detectors do."""
    for conf in chains.load(config.load().chain).stages.values():
        if conf.function == spec.name:
            return conf.inputs, conf.output
    return (("SOURCE_FRAME",), "IMAGEAI_FRAME") if spec.labels else (("IMAGEAI_FRAME",), f"{spec.name.upper()}_FRAME")


def _run(name: str, conf: StageConf) -> None:
    settings = config.load()
    chain = checked(settings)
    refuse_circle(chain.stages | {name: conf})
    app = worker_of({name: conf}, stage_app, chain, settings)
    faust.Worker(app, loglevel="info").execute_from_commandline()
