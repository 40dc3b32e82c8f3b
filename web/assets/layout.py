"""Renders HTML pages: the shared head, a body from a template, and the configuration of the page's script."""

from __future__ import annotations

import html
import mimetypes
import re
import string
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

import msgspec

_HERE = Path(__file__).parent
_SCRIPTS = (
    '<script type="application/json" id="config">$config</script>\n'
    '<script type="module" src="/static/$version/$script.js"></script>\n'
)
# An address names the content of the files: what a browser has under it never changes.
_FOR_GOOD = "public, max-age=31536000, immutable"


class Asset(NamedTuple):
    """A static file: its bytes, and the headers that go with it."""

    body: bytes
    headers: dict[str, str]


# What stands in scripts for those who read them: blanks before a line, comments, and the ends of lines where no
# statement could end, or one has.
_FOR_READERS = re.compile(
    rb"^\n|^[ \t]*(?://[^\n]*\n|/\*\*.*?\*/\n)|^[ \t]+|(?<=[;{]) //[^\n]*|(?<=[;{,(\[])\n", re.MULTILINE | re.DOTALL
)


def _read(path: Path) -> bytes:
    return _FOR_READERS.sub(b"", path.read_bytes()) if path.suffix == ".js" else path.read_bytes()


# Read once: an address must not outlive the content that it names.
_FILES = {path.name: _read(path) for path in sorted((_HERE / "static").iterdir()) if path.is_file()}
VERSION = sha256(b"".join(sha256(name.encode() + body).digest() for name, body in _FILES.items())).hexdigest()[:16]


def asset(version: str, name: str) -> Asset | None:
    """A static file by the content of all of them and its name, None where there is none: no path is ever built."""
    body = _FILES.get(name) if version == VERSION else None
    if body is None:
        return None
    kind = "text/javascript" if name.endswith(".js") else mimetypes.guess_type(name)[0] or "application/octet-stream"
    return Asset(body, {"Content-Type": f"{kind}; charset=utf-8", "Cache-Control": _FOR_GOOD})


def page(name: str, title: str, script: str = "", config: object = None, **parts: str) -> str:
    """The page whose body is NAME.html with `parts`, which are HTML; `config` is for its script, as JSON."""
    # JSON in a script element: only "<" could end the element.
    told = msgspec.json.encode(config).decode().replace("<", "\\u003c")
    scripts = string.Template(_SCRIPTS).substitute(config=told, script=script, version=VERSION) if script else ""
    title = html.escape(title)
    body = template(name).substitute(parts, title=title)
    return template("shape").substitute(title=title, scripts=scripts, body=body, version=VERSION)


@cache
def template(name: str) -> string.Template:
    """The text of NAME.html, with a `$word` for each part."""
    return string.Template((_HERE / f"{name}.html").read_text("utf-8"))
