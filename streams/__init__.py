"""The Faust side: `faust -A streams worker` runs the chain.

Imports `functions`, never `web`. Begin with `app.py`, then `stage/` and `worker/`.
"""

import sys
from typing import Any


def __getattr__(name: str) -> Any:
    if name != "app":
        raise AttributeError(name)
    from functions.core.errors import UsageError
    from streams.app import chain_app
    from streams.runtime.supervisor import EXIT_USAGE

    try:
        # The import has put the module `streams.app` under this name, and Faust would find that.
        globals()["app"] = chain_app()
    except UsageError as error:
        print(f"imagebus: {error}", file=sys.stderr)  # noqa: T201
        sys.exit(EXIT_USAGE)
    return globals()["app"]
