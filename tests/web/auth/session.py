"""A session with a viewer that has passwords: requests as a browser makes them, and the cookie of who logged in."""

from __future__ import annotations

import urllib.error
import urllib.parse
import urllib.request
from http.client import HTTPMessage
from typing import Any, NamedTuple

from tests.web.viewing import Viewing

OPERATOR, VIEWER = "the operator's own", "for anybody here"
PASSWORDS = {"IMAGEBUS_OPERATOR_PASSWORD": OPERATOR, "IMAGEBUS_VIEWER_PASSWORD": VIEWER}


class Answer(NamedTuple):
    status: int
    headers: HTTPMessage
    text: str


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        return None


def ask(viewing: Viewing, path: str, form: dict[str, str] | None = None, **headers: str) -> Answer:
    """One request, redirects not followed; header names with _ for -."""
    data = None if form is None else urllib.parse.urlencode(form).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    request = urllib.request.Request(viewing.url + path, data, named)
    try:
        with urllib.request.build_opener(_NoRedirect).open(request, timeout=10) as answer:
            return Answer(answer.status, answer.headers, answer.read().decode())
    except urllib.error.HTTPError as error:
        return Answer(error.code, error.headers, error.read().decode())


def log_in(viewing: Viewing, password: str, **headers: str) -> str:
    """The cookie of a new session."""
    answer = ask(viewing, "/login", {"password": password}, **headers)
    assert answer.status == 303, answer
    return str(answer.headers["Set-Cookie"]).partition(";")[0]
