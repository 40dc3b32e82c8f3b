"""Sessions: a signed cookie that holds a role until it ends, and a brake on guessing passwords."""

from __future__ import annotations

import base64
import hmac
import secrets
import time
from collections import defaultdict, deque
from collections.abc import Callable
from functools import cached_property

import msgspec
from msgspec import Struct

from web.credentials import Credentials
from web.session_file import Kept, SessionFile

LIFE_S = 12 * 3600.0
# An address may be wrong so often within a minute, and all addresses together ten times that.
TRIES, WITHIN_S, ADDRESSES = 5, 60.0, 10

Clock = Callable[[], float]


class Session(Struct, frozen=True):
    """Who somebody is, until when (seconds since the epoch)."""

    id: str
    role: str
    until: float


class Sessions:
    """Makes and reads cookies; they outlive this process, not their time, a log-out or another password.

    A cookie is signed with a secret that is kept and with its role's password: who has only one of them can make none.
    """

    def __init__(self, credentials: Credentials, file: SessionFile, clock: Clock = time.time) -> None:
        self._credentials, self._file, self._clock = credentials, file, clock

    @cached_property
    def _kept(self) -> Kept:
        return self._file.read()

    def begin(self, role: str) -> str:
        """The cookie of a new session."""
        session = Session(secrets.token_urlsafe(16), role, self._clock() + LIFE_S)
        body = base64.urlsafe_b64encode(msgspec.json.encode(session)).decode()
        return f"{body}.{self._sign(role, body)}"

    def read(self, cookie: str) -> Session | None:
        """The session of a cookie, None where it is forged, past or ended."""
        body, _, signature = cookie.partition(".")
        try:
            session = msgspec.json.decode(base64.urlsafe_b64decode(body), type=Session)
            right = self._sign(session.role, body)
        except (ValueError, KeyError, msgspec.DecodeError):
            return None
        if not cookie.isascii() or not hmac.compare_digest(right, signature):
            return None
        return session if self.is_open(session) else None

    def is_open(self, session: Session) -> bool:
        """Whether it is neither past nor ended."""
        return session.until > self._clock() and session.id not in self._kept.ended

    def end(self, session: Session) -> None:
        """Make its cookie worthless before its time."""
        now = self._clock()
        ended = {past: until for past, until in self._kept.ended.items() if until > now} | {session.id: session.until}
        self._kept.ended = ended
        self._file.write(self._kept)

    def _sign(self, role: str, body: str) -> str:
        """Raises KeyError where nobody can log in in this role."""
        key = self._credentials.key(role, self._kept.secret)
        return hmac.digest(key, body.encode(), "sha256").hex()


class Brake:
    """Counts wrong passwords of each address, and of all."""

    def __init__(self, clock: Clock = time.monotonic) -> None:
        self._clock = clock
        self._wrong: defaultdict[str, deque[float]] = defaultdict(deque)

    def wait_s(self, address: str) -> float:
        """How long this address has to wait before its next try, 0 where it need not."""
        now = self._clock()
        for known in list(self._wrong):
            while self._wrong[known] and self._wrong[known][0] <= now - WITHIN_S:
                self._wrong[known].popleft()
            if not self._wrong[known]:
                del self._wrong[known]
        own = self._wrong.get(address, deque())
        every = sorted(at for tries in self._wrong.values() for at in tries)
        if len(own) >= TRIES:
            return own[-TRIES] + WITHIN_S - now
        if len(every) >= TRIES * ADDRESSES:
            return every[-TRIES * ADDRESSES] + WITHIN_S - now
        return 0.0

    def wrong(self, address: str) -> None:
        """Note a wrong password."""
        self._wrong[address].append(self._clock())
