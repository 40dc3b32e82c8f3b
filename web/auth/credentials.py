"""The passwords of the roles, from the environment or from files that it names."""

from __future__ import annotations

import asyncio
import hmac
import os
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from itertools import combinations
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError, VerifyMismatchError

from functions.core.errors import UsageError

HASHED = "$argon2"
# argon2 takes time and memory on purpose (64 MiB by default): one at a time, in a short queue.
MAX_WAITING = 16
_hasher = PasswordHasher()
_thread = ThreadPoolExecutor(1, "argon2")


class Busy(Exception):
    """Too many passwords are being compared at once."""


class Password:
    """A configured password. Raises ValueError for a hash that cannot be used."""

    _waiting = 0

    def __init__(self, given: str) -> None:
        self.digest = _digest(given)
        self._hash = given if given.startswith(HASHED) else None
        if self._hash is not None and _is_of(self._hash, ""):
            raise ValueError("expected the argon2 hash of a password, got that of an empty one")

    async def is_right(self, given: str) -> bool:
        """Whether a password is this one, compared in constant time. Raises Busy."""
        if self._hash is None:
            return hmac.compare_digest(self.digest, _digest(given))
        if Password._waiting >= MAX_WAITING:
            raise Busy
        Password._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(_thread, _is_of, self._hash, given)
        except ValueError:  # the hash was usable when it was read, so argon2 lacks memory now
            raise Busy from None
        finally:
            Password._waiting -= 1


def are_same(one: str, other: str) -> bool:
    """Whether two configured values are known to be one password: two different hashes cannot be compared."""
    if one.startswith(HASHED) == other.startswith(HASHED):
        return one == other
    hashed, plain = (one, other) if one.startswith(HASHED) else (other, one)
    return _is_of(hashed, plain)


def _is_of(hashed: str, given: str) -> bool:
    try:
        return _hasher.verify(hashed, given.encode("utf-8", "surrogateescape"))
    except VerifyMismatchError:
        return False
    except (VerificationError, InvalidHashError) as error:
        raise ValueError(f"expected an argon2 hash, got one that cannot be used: {error}") from None


def _digest(text: str) -> bytes:
    return sha256(text.encode("utf-8", "surrogateescape")).digest()


OPERATOR, VIEWER, CAMERA = "operator", "viewer", "camera"
ROLES = (OPERATOR, VIEWER)
_VARIABLES = {
    OPERATOR: "IMAGEBUS_OPERATOR_PASSWORD",
    VIEWER: "IMAGEBUS_VIEWER_PASSWORD",
    CAMERA: "IMAGEBUS_CAMERA_KEY",
}
MIN_LENGTH = 8


class CredentialError(UsageError):
    """A password cannot be used; the text names its variable and never the password."""


class Credentials:
    """A password for each role that has one; empty where no log-in is needed. Raises CredentialError."""

    def __init__(self, passwords: Mapping[str, str]) -> None:
        self._passwords = {role: password_of(_VARIABLES[role], given) for role, given in passwords.items()}

    def __bool__(self) -> bool:
        return bool(self._passwords)

    @property
    def roles(self) -> tuple[str, ...]:
        """The roles that have a password."""
        return tuple(self._passwords)

    async def role_of(self, given: str) -> str | None:
        """The role of a password, None for a wrong one; all are compared, against timing. Raises Busy."""
        right = [role for role, password in self._passwords.items() if await password.is_right(given)]
        # Two hashes may be of one password without showing it: it then gives the lesser role only.
        return right[-1] if right else None

    def key(self, role: str, secret: bytes) -> bytes:
        """A signing key derived from the secret and the role's password as it is configured."""
        return hmac.digest(secret, self._passwords[role].digest, "sha256")


def load(roles: Iterable[str] = ROLES, environ: Mapping[str, str] = os.environ) -> Credentials:
    """The passwords of these roles, from their variables or those with _FILE. Raises CredentialError."""
    passwords = {role: given for role in roles if (given := secret(_VARIABLES[role], environ)) is not None}
    credentials = Credentials(passwords)
    for (one, first), (other, second) in combinations(passwords.items(), 2):
        if are_same(first, second):
            raise CredentialError(f"{_VARIABLES[other]}: expected another password than the {one}'s, got the same")
    return credentials


def password_of(variable: str, given: str) -> Password:
    """The password in a variable's value. Raises CredentialError."""
    if len(given) < MIN_LENGTH:
        raise CredentialError(f"{variable}: expected at least {MIN_LENGTH} characters, got {len(given)}")
    try:
        return Password(given)
    except ValueError as error:
        raise CredentialError(f"{variable}: {error}") from None


def secret(variable: str, environ: Mapping[str, str] = os.environ) -> str | None:
    """The value of a variable, or of the file that the variable with _FILE names. Raises CredentialError."""
    given = environ.get(variable) or None
    if path := environ.get(f"{variable}_FILE"):
        if given is not None:
            raise CredentialError(f"{variable}: expected either it or {variable}_FILE, got both")
        return _read(f"{variable}_FILE", path)
    return given


def _read(variable: str, path: str) -> str:
    try:
        return Path(path).read_text("utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise CredentialError(f"{variable}: expected a file that holds a password, got {path}: {error}") from None
