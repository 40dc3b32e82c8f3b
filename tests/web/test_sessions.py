"""Sessions outlive the viewer's process, and neither their time, a log-out nor a change of the password."""

from __future__ import annotations

import stat
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from web.credentials import OPERATOR, VIEWER, Credentials
from web.session_file import SessionFile
from web.sessions import LIFE_S, Sessions

PASSWORDS = {OPERATOR: "the operator's own", VIEWER: "for anybody here"}
Start = Callable[..., Sessions]


@pytest.fixture
def start(tmp_path: Path) -> Start:
    """The sessions as a viewer that is started now knows them."""

    def start(passwords: dict[str, str] = PASSWORDS, later_s: float = 0.0, name: str = "sessions") -> Sessions:
        return Sessions(Credentials(passwords), SessionFile(tmp_path / name), lambda: time.time() + later_s)

    return start


def test_a_session_goes_on_when_the_viewer_is_started_again(start: Start) -> None:
    cookie = start().begin(VIEWER)
    session = start().read(cookie)
    assert session is not None
    assert session.role == VIEWER
    assert start(later_s=LIFE_S + 1).read(cookie) is None


def test_an_ended_session_stays_ended_when_the_viewer_is_started_again(start: Start) -> None:
    before = start()
    cookie, other = before.begin(OPERATOR), before.begin(OPERATOR)
    ended = before.read(cookie)
    assert ended is not None
    before.end(ended)
    assert start().read(cookie) is None
    assert start().read(other) is not None


def test_another_password_ends_the_sessions_of_its_role_only(start: Start) -> None:
    before = start()
    operator, viewer = before.begin(OPERATOR), before.begin(VIEWER)
    after = start(PASSWORDS | {OPERATOR: "another of theirs"})
    assert after.read(operator) is None
    assert after.read(viewer) is not None
    assert start({OPERATOR: PASSWORDS[OPERATOR]}).read(viewer) is None


def test_a_cookie_of_another_viewer_with_the_same_passwords_opens_nothing(start: Start) -> None:
    assert start().read(start(name="another").begin(OPERATOR)) is None


@pytest.mark.parametrize("content", [b"", b"junk", b'{"secret":5}'])
def test_a_file_that_says_nothing_begins_anew(content: bytes, start: Start, tmp_path: Path) -> None:
    cookie = start().begin(OPERATOR)
    (tmp_path / "sessions").write_bytes(content)
    assert start().read(cookie) is None
    assert start().read(start().begin(OPERATOR)) is not None


def test_a_file_that_others_may_read_is_not_trusted(start: Start, tmp_path: Path) -> None:
    file = tmp_path / "sessions"
    cookie = start().begin(OPERATOR)
    assert start().read(cookie) is not None
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    file.chmod(0o640)
    assert start().read(cookie) is None
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_folder_that_cannot_be_written_lets_people_in_all_the_same(start: Start, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    sessions = start(name="file/sessions")
    assert sessions.read(sessions.begin(OPERATOR)) is not None
