"""The access rules that the viewer and the camera page share: requests in, decisions out, no server."""

from __future__ import annotations

from typing import Any

import pytest
from multidict import CIMultiDict

from web.auth.access import RequestInfo, client_address, client_scheme, is_local, is_public, refusal

SAME, FOREIGN = "http://cam.example:5000", "http://evil.example"


def a_request(headers: dict[str, str] | None = None, **fields: Any) -> RequestInfo:
    """A GET of / from elsewhere on the network, but for what is given."""
    plain = RequestInfo("GET", "http", "cam.example:5000", "cam.example", "/", "192.0.2.7", {})
    return plain._replace(headers=CIMultiDict(headers or {}), **fields)


@pytest.mark.parametrize(
    ("request_", "refused"),
    [
        (a_request({"Origin": FOREIGN}), False),
        (a_request({"Origin": FOREIGN}, method="HEAD"), False),
        (a_request({"Origin": FOREIGN}, method="POST"), True),
        (a_request({"Origin": FOREIGN}, method="DELETE"), True),
        (a_request({"Origin": FOREIGN, "upgrade": "websocket"}), True),
        (a_request({"Origin": SAME}, method="POST"), False),
        (a_request({"Origin": "https://cam.example:5000"}, method="POST"), True),
        (a_request({"Origin": "null"}, method="POST"), True),
        (a_request({"Origin": ""}, method="POST"), True),
        (a_request(method="POST"), False),  # no browser: they always name the origin of a post
    ],
)
def test_another_sites_page_may_read_only(request_: RequestInfo, refused: bool) -> None:
    assert refusal(request_, "this host", None) == ("Expected a page of this host" if refused else None)


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost", "::1", "127.8.8.8"])
def test_without_a_secret_loopback_names_are_served(name: str) -> None:
    assert refusal(a_request(hostname=name), "this host", "key") is None


@pytest.mark.parametrize("name", ["evil.example", "192.0.2.1", "localhost.evil.example", "", "0.0.0.0"])
def test_without_a_secret_other_names_are_refused(name: str) -> None:
    why = refusal(a_request(hostname=name), "this host", "key")
    assert why == "Expected http://127.0.0.1 or http://localhost, since no key is set"
    assert refusal(a_request(hostname=name), "this host", None) is None


@pytest.mark.parametrize(
    ("remote", "headers", "local"),
    [
        ("127.0.0.1", {}, True),
        ("::1", {"Accept": "*/*"}, True),
        ("::ffff:127.0.0.1", {}, True),
        ("192.0.2.7", {}, False),
        ("", {}, False),
        *(
            ("127.0.0.1", {name: "x"}, False)
            for name in ("X-Forwarded-For", "x-forwarded-host", "Forwarded", "X-Real-IP", "Via")
        ),
    ],
)
def test_metrics_are_for_this_host_and_for_no_proxy_on_it(remote: str, headers: dict[str, str], local: bool) -> None:
    asked = a_request(headers, remote=remote, path="/metrics")
    assert (is_local(asked), is_public(asked)) == (local, local)


@pytest.mark.parametrize(
    ("path", "public"),
    [
        ("/login", True),
        ("/health", True),
        ("/ready", True),
        ("/session", True),
        ("/static/main.js", True),
        ("/", False),
        ("/ws", False),
        ("/static", False),
        ("/health/", False),
        ("/metrics/", False),
    ],
)
def test_what_needs_no_session(path: str, public: bool) -> None:
    assert is_public(a_request(path=path)) == public


@pytest.mark.parametrize(
    ("remote", "named", "address"),
    [
        ("127.0.0.1", "192.0.2.9", "192.0.2.9"),
        ("127.0.0.1", "10.0.0.1, 192.0.2.9", "192.0.2.9"),
        ("127.0.0.1", "no address", "127.0.0.1"),
        ("192.0.2.7", "192.0.2.9", "192.0.2.7"),
    ],
)
def test_only_a_proxy_on_this_host_is_believed_an_address(remote: str, named: str, address: str) -> None:
    assert client_address(a_request({"X-Forwarded-For": named}, remote=remote)) == address


@pytest.mark.parametrize(
    ("remote", "scheme", "forwarded", "client"),
    [
        ("127.0.0.1", "http", "https", "https"),
        ("127.0.0.1", "http", "http", "http"),
        ("192.0.2.7", "http", "https", "http"),
        ("127.0.0.1", "https", "http", "https"),
    ],
)
def test_only_a_proxy_on_this_host_is_believed_a_scheme(remote: str, scheme: str, forwarded: str, client: str) -> None:
    assert client_scheme(a_request({"X-Forwarded-Proto": forwarded}, remote=remote, scheme=scheme)) == client
