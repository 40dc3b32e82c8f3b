"""The Faust side: `faust -A streams worker` runs the chain.

Imports `functions`, never `web`. Begin with `app.py`, then `worker/` and `stage/`.
"""

from typing import Any


def __getattr__(name: str) -> Any:
    if name == "app":
        from streams.app import app

        # The import has put the module `streams.app` under this name, and Faust would find that.
        globals()["app"] = app
        return app
    raise AttributeError(name)
