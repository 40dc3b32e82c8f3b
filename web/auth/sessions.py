"""Log-in sessions: signed cookies, and the role that each stands for until it ends."""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Callable
from functools import cached_property
from hashlib import sha256
from pathlib import Path

import msgspec
from itsdangerous import BadSignature, Signer
from msgspec import Struct, field

from streams.runtime.own_file import read_own, replace_own
from web.auth.credentials import Credentials

log = logging.getLogger(__name__)

_MARK = 6


class Session(Struct, frozen=True):
    """A log-in: its role, until when (seconds since the epoch)."""

    id: str
    role: str
    until: float

    @property
    def name(self) -> str:
        """Who it is, as records and the log say it: the role, and a mark of this log-in that opens nothing."""
        return f"{self.role} {sha256(self.id.encode()).hexdigest()[:_MARK]}" if self.id else self.role


class StoredSessions(Struct):
    """The signing secret, and the open sessions by id, the oldest first."""

    secret: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    open: dict[str, Session] = {}


class SessionFile:
    """The file of sessions, readable by this user only."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> StoredSessions:
        """The stored sessions; a new secret and none where the file is missing or cannot be trusted."""
        try:
            return msgspec.json.decode(read_own(self._path), type=StoredSessions)
        except FileNotFoundError:
            pass
        except (OSError, msgspec.DecodeError) as error:
            log.warning("%s: %s: everybody has to log in again", self._path, error)
        kept = StoredSessions()
        self.write(kept)
        return kept

    def write(self, kept: StoredSessions) -> None:
        """Replace the file atomically."""
        try:
            replace_own(self._path, msgspec.json.encode(kept))
        except OSError as error:
            log.warning("%s: %s: sessions end with this process", self._path, error)


LIFE_S = 12 * 3600.0
# For each role; a further one ends the oldest, so that the file is bounded.
MAX_OPEN = 1000

Clock = Callable[[], float]


class Sessions:
    """Session cookies, valid until they expire, the log-out or a change of password; restarts keep them.

    A cookie is signed with a stored secret and the role's password: neither alone suffices to forge one.
    """

    def __init__(self, credentials: Credentials, file: SessionFile, clock: Clock = time.time) -> None:
        self._credentials, self._file, self._clock = credentials, file, clock

    @cached_property
    def _kept(self) -> StoredSessions:
        return self._file.read()

    def begin(self, role: str) -> str:
        """The cookie of a new session."""
        session = Session(secrets.token_urlsafe(16), role, self._clock() + LIFE_S)
        self._keep([*self._kept.open.values(), session])
        return self._signer(role).sign(session.id).decode()

    def read(self, cookie: str) -> Session | None:
        """The session of a cookie, None where it is forged, expired or ended."""
        # The signature is checked before anything of a cookie is parsed.
        ids = (self._signed(role, cookie) for role in self._credentials.roles if cookie.isascii())
        session = self._kept.open.get(next(filter(None, ids), ""))
        return session if session is not None and self.is_open(session) else None

    def is_open(self, session: Session) -> bool:
        """Whether a session is neither expired nor ended."""
        return session.until > self._clock() and session.id in self._kept.open

    def end(self, session: Session) -> None:
        """Invalidate a session's cookie before it expires."""
        self._keep([kept for kept in self._kept.open.values() if kept.id != session.id])

    def _keep(self, sessions: list[Session]) -> None:
        now = self._clock()
        still = [session for session in sessions if session.until > now]
        by_role = ([each for each in still if each.role == role][-MAX_OPEN:] for role in self._credentials.roles)
        self._kept.open = {session.id: session for each in by_role for session in each}
        self._file.write(self._kept)

    def _signed(self, role: str, cookie: str) -> str | None:
        try:
            return self._signer(role).unsign(cookie).decode()
        except BadSignature:
            return None

    def _signer(self, role: str) -> Signer:
        key = self._credentials.key(role, self._kept.secret)
        return Signer(key, salt=role, key_derivation="hmac", digest_method=sha256)
