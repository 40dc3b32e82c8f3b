"""URLs of sources, shown without their credentials."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from functions.core.errors import UsageError

_URL = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://(?P<rest>.*)", re.DOTALL)

# user:pass/word@host: a / ? or # ends what may hold the password, which then looks like a port or a path.
_RAW_IN_PASSWORD = re.compile(r"[^:]+://[^/?#@]*:[^/?#@]*[/?#].*@[\w.-]+(:\d+)?([/?#]|$)", re.DOTALL)


class SourceError(UsageError):
    """A source cannot be what was given; the text says what was expected, without its password."""


def scheme_of(source: str) -> str | None:
    """The scheme of a URL in lower case, None where it is no URL."""
    match = _URL.match(source)
    return match["scheme"].lower() if match else None


def shown(source: str) -> str:
    """The source without password, query, and a path that holds parameters."""
    match = _URL.match(source)
    if not match:
        return source
    # Up to the last @: a password with / ? # or @ in it is no proper URL, but must not be shown either.
    user, at, rest = match["rest"].rpartition("@")
    place, slash, path = rest.partition("?")[0].partition("/")
    query = "?***" if "?" in rest else ""
    # Some cameras want user and password in the path: /user=admin_password=…
    hidden = "***" if "=" in path else path
    return f"{match['scheme']}://{_user(user)}{at}{place}{slash}{hidden}{query}"


def has_password(source: str) -> bool:
    """Whether the source may hold a secret."""
    return shown(source) != source


def check(url: str) -> None:
    """Refuse a URL that names no host or no possible port. Raises SourceError."""
    if _RAW_IN_PASSWORD.match(url):
        raise SourceError(f"{shown(url)}: expected / ? # @ percent-encoded in a password, @ in a path: %2F %3F %23 %40")
    try:
        parts = urlsplit(url)
        good = bool(parts.hostname) and parts.port != 0
    except ValueError:
        good = False
    if not good:
        raise SourceError(f"{shown(url)}: expected scheme://host[:port]/…, got no host or a port that cannot be")


def _user(user: str) -> str:
    name, colon, _ = user.partition(":")
    if colon:
        return f"{name}:***"
    # A user with neither : nor / may be a token as well as a name.
    return "***" if user else ""
