"""Passwords, configured in clear text or as argon2 hashes."""

from __future__ import annotations

import asyncio
import hmac
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError, VerifyMismatchError

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
