"""Sessions outlive the viewer's process, and neither their time, a log-out nor a change of the password."""

from __future__ import annotations

import base64
import json
import stat
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from hypothesis import given
from hypothesis import strategies as st

from web.auth.credentials import OPERATOR, VIEWER, Credentials
from web.auth.sessions import LIFE_S, SessionFile, Sessions

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


@given(cookie=st.one_of(st.text(), st.text(st.characters(codec="ascii")), st.from_regex(r"[\w=+/-]*\.[\w=+/-]*")))
def test_no_text_whatever_is_a_cookie_or_an_error(cookie: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    sessions = Sessions(Credentials(PASSWORDS), SessionFile(tmp_path_factory.getbasetemp() / "any"))
    assert sessions.read(cookie) is None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(value=JSON, depth=st.integers(0, 5000), ending=st.sampled_from(["", ".", ".00", "." + "A" * 43, ".é"]))
def test_no_base64_of_json_however_deep_is_a_cookie_or_an_error(
    value: object, depth: int, ending: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    sessions = Sessions(Credentials(PASSWORDS), SessionFile(tmp_path_factory.getbasetemp() / "any"))
    text = "[" * depth + json.dumps(value) + "]" * depth
    for plain in (
        text,
        f'{{"unknown":{text}}}',
        json.dumps({"id": text, "role": OPERATOR, "until": 9e9}),
        '{"role":' * depth,
    ):
        assert sessions.read(base64.urlsafe_b64encode(plain.encode()).decode() + ending) is None


def test_another_sessions_cookie_is_not_made_of_ones_own(start: Start) -> None:
    sessions = start()
    one, other = sessions.begin(VIEWER), sessions.begin(OPERATOR)
    assert sessions.read(f"{other.partition('.')[0]}.{one.partition('.')[2]}") is None


def test_more_sessions_of_a_role_than_there_may_be_end_its_oldest_and_the_file_has_a_bound(
    start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("web.auth.sessions.MAX_OPEN", 20)
    sessions = start()
    operator, first = sessions.begin(OPERATOR), sessions.begin(VIEWER)
    sizes = []
    for _ in range(100):
        newest = sessions.begin(VIEWER)
        sizes.append((tmp_path / "sessions").stat().st_size)
    assert max(sizes[50:]) < 1.1 * sizes[50]
    assert sessions.read(first) is None
    assert sessions.read(newest) is not None
    assert sessions.read(operator) is not None


def test_log_ins_and_log_outs_without_end_leave_nothing_behind(start: Start, tmp_path: Path) -> None:
    sessions = start()
    sizes = []
    for _ in range(50):
        session = sessions.read(sessions.begin(VIEWER))
        assert session is not None
        sessions.end(session)
        sizes.append((tmp_path / "sessions").stat().st_size)
    assert max(sizes) < 1.5 * sizes[0]


def test_a_password_given_as_its_hash_signs_with_that_hash(start: Start) -> None:
    quick = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    hashed, again = quick.hash(PASSWORDS[OPERATOR]), quick.hash(PASSWORDS[OPERATOR])
    cookie = start({OPERATOR: hashed}).begin(OPERATOR)
    assert start({OPERATOR: hashed}).read(cookie) is not None
    assert start({OPERATOR: again}).read(cookie) is None
