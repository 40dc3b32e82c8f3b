"""Who may look: passwords of the two roles, from the environment or from files that hold them."""

from __future__ import annotations

import hmac
import os
from collections.abc import Iterable, Mapping
from hashlib import sha256
from pathlib import Path

from functions.errors import UsageError

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
    """A password for each role that has one; of none where nobody is asked."""

    def __init__(self, passwords: Mapping[str, str]) -> None:
        self._digests = {role: _digest(password) for role, password in passwords.items()}

    def __bool__(self) -> bool:
        return bool(self._digests)

    def role_of(self, password: str) -> str | None:
        """The role of a password, compared in a time that says nothing about it."""
        given = _digest(password)
        right = [role for role, digest in self._digests.items() if hmac.compare_digest(digest, given)]
        return right[0] if right else None

    def key(self, role: str, secret: bytes) -> bytes:
        """A key that only who knows both the role's password and the secret can make. Raises KeyError."""
        return hmac.digest(secret, self._digests[role], "sha256")


def load(roles: Iterable[str] = ROLES, environ: Mapping[str, str] = os.environ) -> Credentials:
    """The passwords of these roles: IMAGEBUS_OPERATOR_PASSWORD and the like, or these with _FILE.

    Raises CredentialError.
    """
    passwords = {role: given for role in roles if (given := _given(role, environ)) is not None}
    if len(set(passwords.values())) < len(passwords):
        last = _VARIABLES[list(passwords)[-1]]
        raise CredentialError(f"{last}: expected another password than the operator's, got the same")
    return Credentials(passwords)


def secret(variable: str, environ: Mapping[str, str] = os.environ) -> str | None:
    """What the variable holds, or the file that it names with _FILE; None without both. Raises CredentialError."""
    given = environ.get(variable) or None
    if path := environ.get(f"{variable}_FILE"):
        if given is not None:
            raise CredentialError(f"{variable}: expected either it or {variable}_FILE, got both")
        return _read(f"{variable}_FILE", path)
    return given


def _given(role: str, environ: Mapping[str, str]) -> str | None:
    variable = _VARIABLES[role]
    password = secret(variable, environ)
    if password is not None and len(password) < MIN_LENGTH:
        raise CredentialError(f"{variable}: expected at least {MIN_LENGTH} characters, got {len(password)}")
    return password


def _read(variable: str, path: str) -> str:
    try:
        return Path(path).read_text("utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise CredentialError(f"{variable}: expected a file that holds a password, got {path}: {error}") from None


def _digest(password: str) -> bytes:
    return sha256(password.encode("utf-8", "surrogateescape")).digest()
