"""Passwords as they are given: themselves, or argon2 hashes; and camera keys that are bound to names."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator

import pytest
from argon2 import PasswordHasher

from streams.kafka.embedded_broker import EmbeddedBroker
from tests.commands import Command
from tests.wait import others_turn, wait_until
from tests.web.auth.session import ask, log_in
from tests.web.ingesting import Ingest, start_ingest
from tests.web.viewing import start_viewer
from web.auth import credentials
from web.auth.credentials import MAX_WAITING, OPERATOR, VIEWER, Busy, CredentialError, Password, load
from web.camera.offer import load_keys

_QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
OWN, HERE = "the operator's own", "for anybody here"
HASHES = {"IMAGEBUS_OPERATOR_PASSWORD": _QUICK.hash(OWN), "IMAGEBUS_VIEWER_PASSWORD": _QUICK.hash(HERE)}
BOUND = f"door=the key of the door\nlobby = {_QUICK.hash('the key of the lobby')}\n\ndoor=its next key\n"


async def test_a_hash_is_good_for_its_password_and_not_for_itself() -> None:
    credentials = load(environ=HASHES)
    assert await credentials.role_of(OWN) == OPERATOR
    assert await credentials.role_of(HERE) == VIEWER
    assert await credentials.role_of(HASHES["IMAGEBUS_OPERATOR_PASSWORD"]) is None
    assert await credentials.role_of("") is None


async def test_a_password_that_two_hashes_are_of_is_good_for_the_lesser_role() -> None:
    both = load(environ=HASHES | {"IMAGEBUS_VIEWER_PASSWORD": _QUICK.hash(OWN)})
    assert await both.role_of(OWN) == VIEWER


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"IMAGEBUS_OPERATOR_PASSWORD": "$argon2id$v=19$m=8"}, "IMAGEBUS_OPERATOR_PASSWORD: expected an argon2 hash"),
        ({"IMAGEBUS_OPERATOR_PASSWORD": _QUICK.hash("")}, "expected the argon2 hash of a password, got that of an em"),
        (HASHES | {"IMAGEBUS_VIEWER_PASSWORD": OWN}, "IMAGEBUS_VIEWER_PASSWORD: expected another password than the"),
        (HASHES | {"IMAGEBUS_VIEWER_PASSWORD": HASHES["IMAGEBUS_OPERATOR_PASSWORD"]}, "expected another password"),
    ],
)
def test_a_hash_that_cannot_be_used_is_refused_and_never_printed(given: dict[str, str], said: str) -> None:
    with pytest.raises(CredentialError) as refused:
        load(environ=given)
    assert said in str(refused.value)
    assert "$" not in str(refused.value)


def test_a_person_logs_in_where_the_password_is_a_hash() -> None:
    with EmbeddedBroker() as broker, start_viewer(broker.url, env=HASHES) as viewing:
        wait_until(viewing.state, 30, "a viewer that answers")
        cookie = log_in(viewing, OWN)
        assert ask(viewing, "/", Cookie=cookie).status == 200
        assert ask(viewing, "/login", {"password": HASHES["IMAGEBUS_OPERATOR_PASSWORD"]}).status == 401


async def test_hashes_are_compared_beside_the_event_loop_and_few_wait_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    slow = Password(_QUICK.hash(OWN))
    compare = credentials._is_of

    def slowly(hashed: str, given: str) -> bool:
        time.sleep(0.05)
        return compare(hashed, given)

    monkeypatch.setattr(credentials, "_is_of", slowly)
    asked = [asyncio.create_task(slow.is_right(OWN)) for _ in range(3 * MAX_WAITING)]
    began = time.monotonic()
    await others_turn()
    assert time.monotonic() - began < 0.04
    told = await asyncio.gather(*asked, return_exceptions=True)
    assert told[:MAX_WAITING] == [True] * MAX_WAITING
    assert all(isinstance(each, Busy) for each in told[MAX_WAITING:])
    assert await slow.is_right(OWN)


async def test_a_bound_key_is_good_for_its_names_only() -> None:
    keys = load_keys({"IMAGEBUS_CAMERA_KEYS": BOUND, "IMAGEBUS_CAMERA_KEY": "for any of them"})
    good = {
        (key, name)
        for key in ("the key of the door", "its next key", "the key of the lobby", "for any of them", "none of them")
        for name in ("door", "lobby", "yard")
        if await keys.may_send(key, name)
    }
    assert good == {
        ("the key of the door", "door"),
        ("its next key", "door"),
        ("the key of the lobby", "lobby"),
        *(("for any of them", name) for name in ("door", "lobby", "yard")),
    }


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ("just a long key", "IMAGEBUS_CAMERA_KEYS, line 1: expected NAME=KEY, got one without name or ="),
        ("\n=a long enough key", "IMAGEBUS_CAMERA_KEYS, line 2: expected NAME=KEY"),
        ("door=short", "IMAGEBUS_CAMERA_KEYS, line 1: expected at least 8 characters, got 5"),
        ("door=$argon2id$v=1", "IMAGEBUS_CAMERA_KEYS, line 1: expected an argon2 hash"),
    ],
)
def test_bound_keys_that_cannot_be_used_are_refused(lines: str, said: str, imagebus: Command) -> None:
    ended = imagebus("camera", env={"IMAGEBUS_CAMERA_KEYS": lines})
    assert ended.code == 2
    assert said in ended.err


@pytest.fixture(scope="module")
def ingest() -> Iterator[Ingest]:
    with start_ingest("127.0.0.1:1", env={"IMAGEBUS_CAMERA_KEYS": BOUND}) as ingest:
        yield ingest


@pytest.mark.parametrize(("name", "status"), [("door", 415), ("lobby", 401), ("webrtc-camera", 401)])
def test_a_camera_is_refused_under_a_name_that_is_not_its_keys(name: str, status: int, ingest: Ingest) -> None:
    bearer = {"Authorization": "Bearer the key of the door", "Content_Type": "text/plain"}
    assert ingest.offer(query=f"?name={name}", **bearer)[0] == status
