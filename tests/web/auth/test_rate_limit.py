"""Guessing passwords: so often an address, whatever comes at once; nobody is locked out by somebody else."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator

import pytest

from streams.kafka.embedded_broker import EmbeddedBroker
from tests.wait import wait_until
from tests.web.auth.session import OPERATOR, PASSWORDS, ask, log_in
from tests.web.ingesting import Ingest, start_ingest
from tests.web.viewing import Viewing, start_viewer
from web.auth.access import network_of
from web.auth.rate_limit import (
    LATEST_S,
    MAX_ADDRESSES,
    TRIES,
    TRIES_OF_ALL,
    WITHIN_S,
    PasswordThrottle,
    RateLimit,
    TooManyTries,
)

KEY = "the key of the cameras"


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="module")
def guarded() -> Iterator[Viewing]:
    with EmbeddedBroker() as broker, start_viewer(broker.url, env=PASSWORDS) as viewing:
        wait_until(viewing.state, 30, "a viewer that answers")
        yield viewing


def guess(throttle: PasswordThrottle, address: str, right: bool = False) -> None:
    with throttle.attempt(address) as attempt:
        attempt.right = right


async def test_of_300_log_ins_at_once_no_more_are_told_about_their_password_than_of_any(guarded: Viewing) -> None:
    head = (
        "POST /login HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Forwarded-For: 192.0.2.50\r\nConnection: close\r\n"
        "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 16\r\n\r\n"
    )
    wires = [await asyncio.open_connection("127.0.0.1", guarded.port) for _ in range(300)]
    for _, writer in wires:
        writer.write(head.encode())
    # All have begun before the first has said its password; an answer that is there already is a refusal.
    await asyncio.to_thread(ask, guarded, "/health")
    for _, writer in wires:
        writer.write(b"password=a+guess")
    answers = await asyncio.gather(*(reader.readline() for reader, _ in wires))
    for _, writer in wires:
        writer.close()
    told = Counter(int(answer.split()[1]) for answer in answers)
    assert told == {401: TRIES, 429: 300 - TRIES}


def test_one_address_that_guesses_locks_nobody_else_out(guarded: Viewing) -> None:
    for n in range(TRIES_OF_ALL + TRIES):
        address = f"198.51.100.{n // TRIES}"
        assert ask(guarded, "/login", {"password": f"guess {n}"}, X_Forwarded_For=address).status == 401
    assert ask(guarded, "/login", {"password": OPERATOR}, X_Forwarded_For="198.51.100.0").status == 429
    assert log_in(guarded, OPERATOR, X_Forwarded_For="203.0.113.7")


async def test_keys_that_are_tried_at_once_are_braked_as_well() -> None:
    with start_ingest("127.0.0.1:1", env={"IMAGEBUS_CAMERA_KEY": KEY}) as ingest:
        tries = (asyncio.to_thread(_offer, ingest, n) for n in range(40))
        told = Counter(await asyncio.gather(*tries))
    assert told == {401: TRIES, 429: 40 - TRIES}


def _offer(ingest: Ingest, n: int) -> int:
    return ingest.offer(Authorization=f"Bearer guess {n}")[0]


def test_a_try_is_taken_before_its_password_has_come(clock: Clock) -> None:
    throttle = PasswordThrottle(clock)
    begun = [throttle.attempt("192.0.2.1") for _ in range(TRIES)]
    for attempt in begun:
        attempt.__enter__()
    with pytest.raises(TooManyTries) as refused, throttle.attempt("192.0.2.1"):
        pass
    assert refused.value.wait_s == WITHIN_S


def test_who_was_right_or_got_no_answer_has_not_tried(clock: Clock) -> None:
    throttle = PasswordThrottle(clock)
    for _ in range(3 * TRIES):
        guess(throttle, "192.0.2.1", right=True)
        with pytest.raises(ConnectionError), throttle.attempt("192.0.2.1"):
            raise ConnectionError
    guess(throttle, "192.0.2.1")


def test_a_minute_later_an_address_may_try_again(clock: Clock) -> None:
    throttle = PasswordThrottle(clock)
    for _ in range(TRIES):
        guess(throttle, "192.0.2.1")
    clock.now += WITHIN_S - 1
    with pytest.raises(TooManyTries):
        guess(throttle, "192.0.2.1")
    clock.now += 1
    guess(throttle, "192.0.2.1")


def test_many_wrong_ones_make_answers_later_up_to_a_bound_and_for_a_minute(clock: Clock) -> None:
    throttle = PasswordThrottle(clock)
    for n in range(TRIES_OF_ALL):
        guess(throttle, f"192.0.2.{n}")
    assert throttle.later_s() == 0
    for n in range(2000):
        guess(throttle, f"10.0.{n // 250}.{n % 250}")
    assert throttle.later_s() == LATEST_S
    clock.now += WITHIN_S
    assert throttle.later_s() == 0


def test_no_number_of_addresses_fills_the_memory(clock: Clock) -> None:
    limit = RateLimit(TRIES, clock=clock)
    for n in range(3 * MAX_ADDRESSES):
        limit.take(f"10.{n >> 16}.{n >> 8 & 255}.{n & 255}")
    assert len(limit) == MAX_ADDRESSES
    clock.now += WITHIN_S
    for n in range(MAX_ADDRESSES):
        limit.take(f"192.0.{n >> 8 & 255}.{n & 255}")
        limit.give_back(f"192.0.{n >> 8 & 255}.{n & 255}")
    assert len(limit) < MAX_ADDRESSES


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("nobody", ""),
        ("", ""),
    ],
)
def test_an_asker_is_an_ipv4_address_or_a_network_of_ipv6(address: str, network: str) -> None:
    assert network_of(address) == network
