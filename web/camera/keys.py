"""Keys for sending a camera: for any name, or bound to one."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Mapping

from web.auth.credentials import CAMERA, OPERATOR, CredentialError, Credentials, load, password_of, secret
from web.auth.passwords import Password

KEYS = "IMAGEBUS_CAMERA_KEYS"


class CameraKeys:
    """The operator's password and the camera key are good for any name, a bound key for its own."""

    def __init__(self, of_any: Credentials, of_name: Mapping[str, list[Password]]) -> None:
        self._of_any, self._of_name = of_any, of_name

    def __bool__(self) -> bool:
        """Whether a key is required."""
        return bool(self._of_any) or bool(self._of_name)

    async def may_send(self, key: str, name: str) -> bool:
        """Whether a key is good for this name. Raises Busy."""
        bound = [await password.is_right(key) for password in self._of_name.get(name, [])]
        return await self._of_any.role_of(key) is not None or any(bound)


def load_keys(environ: Mapping[str, str] = os.environ) -> CameraKeys:
    """The keys in the environment; IMAGEBUS_CAMERA_KEYS has NAME=KEY lines. Raises CredentialError."""
    bound: defaultdict[str, list[Password]] = defaultdict(list)
    for number, line in enumerate((secret(KEYS, environ) or "").splitlines(), 1):
        if line.strip():
            name, found, key = (part.strip() for part in line.partition("="))
            if not name or not found:
                raise CredentialError(f"{KEYS}, line {number}: expected NAME=KEY, got one without name or =")
            bound[name].append(password_of(f"{KEYS}, line {number}", key))
    return CameraKeys(load((OPERATOR, CAMERA), environ), dict(bound))
