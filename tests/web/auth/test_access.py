"""Who may see what: passwords, sessions, roles, and what strangers try."""

from __future__ import annotations

import asyncio
import base64
import html
import json
import re
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from playwright.sync_api import Page, expect

from streams.kafka.embedded_broker import EmbeddedBroker
from tests.bus import produce
from tests.commands import Command
from tests.wait import wait_until
from tests.web.auth.session import OPERATOR, PASSWORDS, VIEWER, ask, log_in
from tests.web.frames_of_chain import ANNOTATED, REDACTED, SOURCE, Camera
from tests.web.viewing import Viewing, start_viewer, wait_for_frame
from web.auth.rate_limit import TRIES


@pytest.fixture(scope="module")
def guarded() -> Iterator[Viewing]:
    """A viewer with both passwords, and one frame on every topic."""
    with EmbeddedBroker() as broker, start_viewer(broker.url, env=PASSWORDS) as viewing:
        viewing.wait_until_ready()
        Camera(broker.url, "door").send(1)
        yield viewing


@pytest.fixture(scope="module")
def as_viewer(guarded: Viewing) -> str:
    return log_in(guarded, VIEWER)


@pytest.fixture(scope="module")
def as_operator(guarded: Viewing) -> str:
    return log_in(guarded, OPERATOR)


async def refused_by_socket(viewing: Viewing, **headers: str) -> int:
    """The status with which a websocket is refused."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        async with aiohttp.ClientSession() as session, session.ws_connect(f"{viewing.url}/ws", headers=named):
            pass
    return refused.value.status


async def said_to(viewing: Viewing, cookie: str, **command: Any) -> dict[str, Any]:
    """What a session's websocket answers to a command, states passed over; pictures as {"say": "picture"}."""
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(f"{viewing.url}/ws", headers={"Cookie": cookie}) as socket,
    ):
        await socket.send_str(json.dumps(command))
        while True:
            message = await socket.receive(5)
            if message.type is aiohttp.WSMsgType.BINARY:
                return {"say": "picture"}
            if (said := json.loads(message.data))["say"] != "state":
                return dict(said)


@pytest.mark.parametrize("path", ["/", "/imageai", "/redaction", f"/pair/{SOURCE}/{REDACTED}", "/nowhere"])
def test_without_a_session_a_page_leads_to_the_log_in(path: str, guarded: Viewing) -> None:
    assert ask(guarded, path).status == 401
    answer = ask(guarded, path, Accept="text/html")
    back = "" if path == "/" else f"?next={urllib.parse.quote(path, safe='')}"
    assert (answer.status, answer.headers["Location"], answer.text) == (303, f"/login{back}", "")


@pytest.mark.parametrize(
    ("wanted", "led"),
    [
        ("/wall?topic=REDACTION_FRAME&order=by+name", "/wall?topic=REDACTION_FRAME&order=by+name"),
        (f"/pair/{SOURCE}/{REDACTED}?source=%C3%A4", f"/pair/{SOURCE}/{REDACTED}?source=%C3%A4"),
        ("//evil.example/", "/"),
        ("/\\evil.example", "/"),
        ("https://evil.example/", "/"),
        ("javascript:alert(1)", "/"),
        ("/wall\r\nSet-Cookie: a=b", "/"),
        ("/wall?" + "a" * 2000, "/"),
        ("/logout", "/"),
        ('/"><script>', "/"),
    ],
)
def test_who_logs_in_is_led_back_to_a_page_of_this_viewer_and_to_no_other_place(
    wanted: str, led: str, guarded: Viewing
) -> None:
    form = ask(guarded, f"/login?next={urllib.parse.quote(wanted, safe='')}", Accept="text/html").text
    assert f'name="next" value="{html.escape(led)}"' in form
    answer = ask(guarded, "/login", {"password": OPERATOR, "next": wanted})
    assert (answer.status, answer.headers["Location"]) == (303, led)


def test_what_is_open_to_all_says_nothing_about_sources(guarded: Viewing) -> None:
    assert ask(guarded, "/login").status == 200
    health = ask(guarded, "/health")
    assert health.status == 200
    assert "door" not in health.text


@pytest.mark.parametrize(
    "cookie",
    [
        "",
        "imagebus=",
        "imagebus=nonsense",
        "imagebus=eyJyb2xlIjoib3BlcmF0b3IifQ==.0000",
        'imagebus="; Path=/',
        "imagebus=" + "a" * 3000,
    ],
)
def test_a_missing_or_forged_cookie_opens_nothing(cookie: str, guarded: Viewing) -> None:
    assert ask(guarded, "/", Cookie=cookie).status == 401
    assert asyncio.run(refused_by_socket(guarded, Cookie=cookie)) == 401


def test_a_changed_cookie_opens_nothing(as_viewer: str, guarded: Viewing) -> None:
    at = as_viewer.index("=") + 12
    changed = as_viewer[:at] + ("A" if as_viewer[at] != "A" else "B") + as_viewer[at + 1 :]
    assert ask(guarded, "/redaction", Cookie=changed).status == 401


def test_a_sessions_cookie_is_out_of_reach_of_scripts_and_other_sites(guarded: Viewing) -> None:
    cookie = ask(guarded, "/login", {"password": VIEWER}).headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    assert "Secure" not in cookie
    behind_proxy = ask(guarded, "/login", {"password": VIEWER}, X_Forwarded_Proto="https")
    assert "Secure" in behind_proxy.headers["Set-Cookie"]


def test_a_wrong_password_is_refused(guarded: Viewing) -> None:
    answer = ask(guarded, "/login", {"password": "a guess"}, X_Forwarded_For="192.0.2.1")
    assert answer.status == 401
    assert answer.headers["Set-Cookie"] is None
    assert "Wrong password" in answer.text


def test_guessing_is_braked_for_one_address_and_not_for_others(guarded: Viewing) -> None:
    guesses = [
        ask(guarded, "/login", {"password": f"guess {n}"}, X_Forwarded_For="192.0.2.2").status for n in range(TRIES + 1)
    ]
    assert guesses == [401] * TRIES + [429]
    right = ask(guarded, "/login", {"password": OPERATOR}, X_Forwarded_For="192.0.2.2")
    assert right.status == 429
    assert 0 < int(right.headers["Retry-After"]) <= 60
    assert log_in(guarded, OPERATOR, X_Forwarded_For="192.0.2.3")


def test_an_overlong_log_in_is_refused(guarded: Viewing) -> None:
    assert ask(guarded, "/login", {"password": "a" * 5000}).status == 413


@pytest.mark.parametrize("path", ["/login", "/logout"])
def test_a_post_from_another_sites_page_is_refused(path: str, as_operator: str, guarded: Viewing) -> None:
    answer = ask(guarded, path, {"password": OPERATOR}, Origin="http://evil.example", Cookie=as_operator)
    assert answer.status == 403


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://127.0.0.1:1", "file://"])
async def test_a_websocket_from_another_sites_page_is_refused(origin: str, as_operator: str, guarded: Viewing) -> None:
    assert await refused_by_socket(guarded, Origin=origin, Cookie=as_operator) == 403


@pytest.mark.parametrize(
    ("origin", "proxied", "status"),
    [
        ("http://127.0.0.1:{port}", None, 101),
        ("https://127.0.0.1:{port}", None, 403),
        ("https://127.0.0.1:{port}", "https", 101),
        ("http://127.0.0.1:{port}", "https", 403),
        ("ftp://127.0.0.1:{port}", None, 403),
    ],
)
async def test_a_page_of_the_same_host_by_another_scheme_is_another_sites(
    origin: str, proxied: str | None, status: int, as_operator: str, guarded: Viewing
) -> None:
    headers = {"Origin": origin.format(port=guarded.port), "Cookie": as_operator}
    headers |= {"X-Forwarded-Proto": proxied} if proxied else {}
    if status == 101:
        async with (
            aiohttp.ClientSession(headers=headers) as session,
            session.ws_connect(f"{guarded.url}/ws") as socket,
        ):
            assert json.loads(await socket.receive_str(timeout=5))["say"] == "state"
    else:
        assert await refused_by_socket(guarded, **headers) == status


@pytest.mark.parametrize("depth", [1, 100, 1000, 2800])
def test_a_cookie_of_nested_base64_of_json_opens_nothing(depth: int, guarded: Viewing) -> None:
    nested = base64.urlsafe_b64encode(b'{"unknown":' + b"[" * depth + b"]" * depth + b"}").decode()
    for value in (nested, f"{nested}.00", "\xff.\xff"):
        assert ask(guarded, "/", Cookie=f"imagebus={value}").status == 401


def test_an_ended_session_is_over_at_once(guarded: Viewing) -> None:
    cookie = log_in(guarded, OPERATOR)
    assert ask(guarded, "/", Cookie=cookie).status == 200
    assert ask(guarded, "/logout", {}, Cookie=cookie).status == 303
    assert ask(guarded, "/", Cookie=cookie).status == 401


def test_an_operator_sees_every_page(as_operator: str, guarded: Viewing) -> None:
    for path in ("/", "/imageai", "/redaction", f"/pair/{SOURCE}/{REDACTED}"):
        assert ask(guarded, path, Cookie=as_operator).status == 200


def test_a_viewer_sees_redacted_topics_only(as_viewer: str, guarded: Viewing) -> None:
    assert ask(guarded, "/", Cookie=as_viewer).headers["Location"] == "/redaction"
    page = ask(guarded, "/redaction", Cookie=as_viewer)
    assert page.status == 200
    assert SOURCE not in page.text
    assert ANNOTATED not in page.text
    for path in ("/imageai", f"/pair/{SOURCE}/{REDACTED}", f"/pair/{REDACTED}/{ANNOTATED}"):
        answer = ask(guarded, path, Cookie=as_viewer)
        assert answer.status == 404
        assert SOURCE not in answer.text


@pytest.mark.parametrize(
    "command",
    [
        {"right": SOURCE},
        {"right": ANNOTATED},
        {"right": "IMAGEAI_FRAME"},
        {"right": REDACTED, "left": SOURCE},
        {"right": REDACTED, "left": ANNOTATED, "source": "door"},
        {"right": "DEAD_REDACT"},
        {"right": "source_frame"},
    ],
)
async def test_a_viewer_gets_no_raw_picture_over_the_websocket(
    command: dict[str, str], as_viewer: str, guarded: Viewing
) -> None:
    said = await said_to(guarded, as_viewer, do="watch", view="a", **command)
    assert said["say"] == "refused"
    assert said["reason"].startswith("Expected a topic of REDACTION_FRAME, got ")


async def test_a_viewer_gets_redacted_pictures_and_hears_of_no_other_topic(as_viewer: str, guarded: Viewing) -> None:
    said = await said_to(guarded, as_viewer, do="watch", view="a", right=REDACTED)
    assert said == {"say": "picture"}
    async with (
        aiohttp.ClientSession(headers={"Cookie": as_viewer}) as session,
        session.ws_connect(f"{guarded.url}/ws") as socket,
    ):
        assert list(json.loads(await socket.receive_str(timeout=5))["topics"]) == [REDACTED]


async def test_ending_a_session_cuts_its_websockets_off(guarded: Viewing) -> None:
    cookie = await asyncio.to_thread(log_in, guarded, OPERATOR)
    async with (
        aiohttp.ClientSession(headers={"Cookie": cookie}) as session,
        session.ws_connect(f"{guarded.url}/ws") as socket,
    ):
        await asyncio.to_thread(ask, guarded, "/logout", {}, Cookie=cookie)
        while (message := await socket.receive(10)).type is aiohttp.WSMsgType.TEXT:
            pass
        assert message.type in (aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.ERROR)


def test_a_frame_that_no_redactor_has_seen_is_not_shown_from_a_redacted_topic(guarded: Viewing) -> None:
    from streams.wire import records

    raw = records.encode(records.from_frame(Camera("", "leak").frame(1)))
    before = guarded.state()["bad"]
    produce(guarded.broker, REDACTED, "leak", raw)
    wait_until(lambda: guarded.state()["bad"] == before + 1, 10, "the frame counted as bad")


def test_without_passwords_a_foreign_name_for_this_host_opens_nothing(viewing: Viewing) -> None:
    assert ask(viewing, "/", Host="evil.example").status == 403
    assert ask(viewing, "/", Host=f"localhost:{viewing.port}").status == 200


def test_a_log_out_where_nobody_logs_in_writes_no_session(embedded: str, tmp_path: Path) -> None:
    with start_viewer(embedded, env={"IMAGEBUS_DATA_DIR": str(tmp_path)}) as viewing:
        wait_until(viewing.state, 30, "a viewer that answers")
        assert ask(viewing, "/logout", {}).status == 303
        assert list(tmp_path.glob("*.sessions")) == []


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"IMAGEBUS_OPERATOR_PASSWORD": "short"}, "IMAGEBUS_OPERATOR_PASSWORD: expected at least 8 characters, got 5"),
        ({"IMAGEBUS_VIEWER_PASSWORD_FILE": "/nowhere"}, "IMAGEBUS_VIEWER_PASSWORD_FILE: expected a file that holds"),
        (PASSWORDS | {"IMAGEBUS_VIEWER_PASSWORD": OPERATOR}, "expected another password than the operator's"),
        (
            PASSWORDS | {"IMAGEBUS_VIEWER_PASSWORD_FILE": "/nowhere"},
            "expected either it or IMAGEBUS_VIEWER_",
        ),
    ],
)
def test_passwords_that_cannot_be_used_are_refused_and_never_printed(
    given: dict[str, str], said: str, imagebus: Command
) -> None:
    ended = imagebus("viewer", env=given)
    assert ended.code == 2
    assert said in ended.err
    assert OPERATOR not in ended.out + ended.err


def test_a_person_logs_in_sees_what_the_role_may_and_logs_out(guarded: Viewing, page: Page) -> None:
    page.goto(guarded.url)
    expect(page).to_have_title("Log in · imagebus")
    page.get_by_label("Password").fill(VIEWER)
    page.get_by_role("button", name="Log in").click()
    expect(page).to_have_title("Redaction · imagebus")
    expect(page.get_by_role("link", name="Identification")).to_have_count(0)
    door = Camera(guarded.broker, "seen by a viewer")
    door.send(1)
    wait_for_frame(page, door, 1, panes=1)
    page.get_by_role("button", name="Log out").click()
    expect(page).to_have_title("Log in · imagebus")


def test_a_page_whose_session_ended_says_so(guarded: Viewing, page: Page) -> None:
    page.goto(guarded.url)
    page.get_by_label("Password").fill(OPERATOR)
    page.get_by_role("button", name="Log in").click()
    expect(page.locator("#status")).to_have_text(re.compile("live|no camera yet"))
    cookie = "; ".join(f"{each['name']}={each['value']}" for each in page.context.cookies())
    ask(guarded, "/logout", {}, Cookie=cookie)
    expect(page.locator("#notice")).to_contain_text("This session has ended")
