"""One webhook: each message as a POST, signed, tried again until it is taken; nothing else waits for it."""

from __future__ import annotations

import hashlib
import hmac
import logging

from aiohttp import ClientError, ClientSession, ClientTimeout, DummyCookieJar
from mode import Service

from functions.core.errors import UsageError
from streams.chain.outputs_section import WebhookConf, checked_address
from streams.notify.outbox import Outbox, Waiting
from streams.runtime.backoff import Backoff, jittered
from streams.settings import from_environment

log = logging.getLogger(__name__)

ID_HEADER, SIGNATURE_HEADER = "Imagebus-Id", "Imagebus-Signature"
_TIMEOUT_S = 10.0
_FIRST_RETRY_S, _MOST_RETRY_S = 1.0, 300.0


class Webhook(Service):
    """Delivers the messages of one outbox in order."""

    mundane_level = "debug"

    def __init__(self, name: str, conf: WebhookConf, outbox: Outbox) -> None:
        super().__init__()
        self._name, self._outbox = name, outbox
        self._url = from_environment(conf.url, "an address", UsageError)
        try:
            checked_address(self._url, ("http", "https"))
        except ValueError as error:
            raise UsageError(f"Output {name}: {error}") from None
        self._secret = from_environment(conf.secret, "a secret", UsageError).encode()
        self._backoff = Backoff(_FIRST_RETRY_S, _MOST_RETRY_S)

    @Service.task
    async def _run(self) -> None:
        timeout = ClientTimeout(total=_TIMEOUT_S)
        async with ClientSession(timeout=timeout, cookie_jar=DummyCookieJar()) as session:
            while not self.should_stop:
                for key, waiting in (await self._outbox.oldest(1)).items():
                    if trouble := await self._trouble_of(session, waiting):
                        await self._wait(trouble)
                    else:
                        self._backoff.succeeded()
                        self._outbox.delivered(key)

    async def _trouble_of(self, session: ClientSession, waiting: Waiting) -> str:
        """Send a message; why it was not taken, "" where it was. Its answer's body is not read."""
        headers = {
            "Content-Type": "application/json",
            ID_HEADER: waiting.id,
            SIGNATURE_HEADER: signature_of(self._secret, waiting.body),
        }
        try:
            async with session.post(self._url, data=waiting.body, headers=headers, allow_redirects=False) as answer:
                return "" if 200 <= answer.status < 300 else f"expected an answer 2xx, got {answer.status}"
        except (ClientError, OSError, ValueError) as error:
            return f"no answer: {type(error).__name__}"  # its text may hold the address, and that a password

    async def _wait(self, trouble: str) -> None:
        wait_s = jittered(self._backoff.failed())
        text = f"Output {self._name}: tries again in {wait_s:.0f} s: {trouble}"
        log.warning(text, extra={"fields": {"output": self._name, "reason": trouble}})
        await self.sleep(wait_s)


def signature_of(secret: bytes, body: bytes) -> str:
    """What the header says of a body: `sha256=` and its HMAC-SHA256 with the secret, in hex digits."""
    return f"sha256={hmac.new(secret, body, hashlib.sha256).hexdigest()}"
