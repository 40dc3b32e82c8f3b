"""The command `imagebus`: each subcommand lives beside what it runs and is imported when it is called."""

from __future__ import annotations

import importlib
import sys

import click

from functions.core.errors import UsageError

_COMMANDS = {
    "broker": "streams.kafka.embedded_broker:broker",
    "camera": "web.camera.command:camera",
    "cameras": "streams.fleet.command:cameras",
    "check": "web.viewer.check_file:check",
    "certificate": "web.auth.certificate:certificate",
    "chain": "streams.chain.command:chain",
    "dead": "streams.outputs.dead:dead",
    "doctor": "streams.doctor.command:doctor",
    "export": "streams.recording.export:export",
    "functions": "streams.files.command:functions",
    "models": "streams.files.models_command:models",
    "notify": "streams.notify.command:notify",
    "produce": "streams.producer.command:produce",
    "publish": "streams.publish.command:publish",
    "record": "streams.recording.command:record",
    "redact": "streams.file_redaction.command:redact",
    "replay": "streams.outputs.replay:replay",
    "stage": "streams.stage_command:stage",
    "topics": "streams.kafka.command:topics",
    "try": "streams.files.command:try_",
    "verify": "streams.verify.command:verify_",
    "viewer": "web.viewer.command:viewer",
    "watch": "streams.outputs.watch:watch",
}


class _Commands(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(_COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in _COMMANDS:
            return None
        module, _, attribute = _COMMANDS[name].partition(":")
        command: click.Command = getattr(importlib.import_module(module), attribute)
        return command


@click.group(cls=_Commands)
@click.version_option(package_name="imagebus")
def imagebus() -> None:
    """Analyse video at the edge: small functions on a message bus, and privacy that fails closed."""


def run(command: click.Command, name: str) -> None:
    """Run a command from the process's arguments: what a person can mend is one line and exit code 2."""
    try:
        command.main(prog_name=name)
    except UsageError as error:
        click.echo(f"{name}: {error}", err=True)
        sys.exit(2)


def main() -> None:
    """The entry point `imagebus`."""
    run(imagebus, "imagebus")
