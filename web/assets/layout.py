"""Renders HTML pages: the shared head, a body from a template, and the configuration of the page's script."""

from __future__ import annotations

import html
import string
from functools import cache
from pathlib import Path

import msgspec

_HERE = Path(__file__).parent
STATIC = _HERE / "static"
_SCRIPTS = (
    '<script type="application/json" id="config">$config</script>\n'
    '<script type="module" src="/static/$script.js"></script>\n'
)


def page(name: str, title: str, script: str = "", config: object = None, **parts: str) -> str:
    """The page whose body is NAME.html with `parts`, which are HTML; `config` is for its script, as JSON."""
    # JSON in a script element: only "<" could end the element.
    told = msgspec.json.encode(config).decode().replace("<", "\\u003c")
    scripts = string.Template(_SCRIPTS).substitute(config=told, script=script) if script else ""
    title = html.escape(title)
    body = template(name).substitute(parts, title=title)
    return template("shape").substitute(title=title, scripts=scripts, body=body)


@cache
def template(name: str) -> string.Template:
    """The text of NAME.html, with a `$word` for each part."""
    return string.Template((_HERE / f"{name}.html").read_text("utf-8"))
