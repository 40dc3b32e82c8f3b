"""The passwords of the roles, from the environment or from files that it names."""

from __future__ import annotations

import hmac
import os
from collections.abc import Iterable, Mapping
from itertools import combinations
from pathlib import Path

from functions.core.errors import UsageError
from web.auth.passwords import Password, are_same

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
    """The passwords of these roles: IMAGEBUS_OPERATOR_PASSWORD and the like, or these with _FILE.

    Raises CredentialError.
    """
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
