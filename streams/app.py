"""The chain as a Faust app: `faust -A streams worker` runs its stages side by side."""

from __future__ import annotations

import sys

from functions.core.errors import UsageError
from streams import settings as config
from streams.chain import types as chains
from streams.chain.check import checked
from streams.chain.counts_section import NAME as COUNTING
from streams.runtime.supervisor import EXIT_USAGE
from streams.worker.process import Worker, create_app


def _from_environment() -> Worker:
    try:
        settings = config.load()
        chain = checked(settings)
        with chains.named(settings.chain):
            wanted = config.names(settings.stages)
            return create_app(chains.pick(chain, wanted), chain, settings, counts=not wanted or COUNTING in wanted)
    except UsageError as error:
        print(f"imagebus: {error}", file=sys.stderr)  # noqa: T201
        sys.exit(EXIT_USAGE)


app = _from_environment()
