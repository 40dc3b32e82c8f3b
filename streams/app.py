"""The chain as a Faust app: `faust -A streams worker` runs its stages side by side."""

from __future__ import annotations

import sys

from functions.errors import UsageError
from streams import chain as chains
from streams import settings as config
from streams.app_worker import EXIT_USAGE
from streams.chain_check import checked
from streams.parent import Worker, create_app


def _from_environment() -> Worker:
    try:
        settings = config.load()
        chain = checked(settings)
        with chains.named(settings.chain):
            return create_app(chains.pick(chain, config.names(settings.stages)), chain, settings)
    except UsageError as error:
        print(f"imagebus: {error}", file=sys.stderr)  # noqa: T201
        sys.exit(EXIT_USAGE)


app = _from_environment()
