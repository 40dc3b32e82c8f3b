"""One MQTT output: keeps what stands on the broker equal to the board, and delivers alerts."""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Callable
from contextlib import suppress
from urllib.parse import unquote

from aiomqtt import Client, MqttError, Will
from mode import Service

from functions.core.errors import UsageError
from streams.chain.outputs_section import MqttConf, checked_address
from streams.notify.board import board_of, is_left_over, taken, wildcards
from streams.notify.follower import Follower
from streams.notify.home_assistant import OFFLINE, ONLINE, Topics
from streams.notify.numbers import Numbers
from streams.notify.outbox import Outbox, Waiting
from streams.runtime.backoff import Backoff, jittered
from streams.settings import from_environment

log = logging.getLogger(__name__)

_PORTS = {"mqtt": 1883, "mqtts": 8883}
_TIMEOUT_S, _KEEPALIVE_S, _LEAVE_S = 10.0, 20, 2.0
_LOOK_S = 1.0
_AT_ONCE = 20
# A broker that is restarted wants all at once, and is asked for often.
_FIRST_RETRY_S, _MOST_RETRY_S = 0.5, 30.0


class MqttOutput(Service):
    """A connection that is made again and again; `rules` are those whose alerts it tells."""

    mundane_level = "debug"

    def __init__(
        self,
        name: str,
        conf: MqttConf,
        outbox: Outbox,
        numbers: Numbers,
        follower: Follower,
        counted: bool,
        rules: tuple[str, ...],
    ) -> None:
        super().__init__()
        self._name, self._conf, self._outbox = name, conf, outbox
        self._numbers, self._follower, self._counted, self._rules = numbers, follower, counted, rules
        self._topics = Topics(conf.prefix, conf.discovery)
        self._new_client = client_of(name, conf, self._topics.status)
        self._board: dict[str, bytes] = {}  # what stands on the broker
        self._backoff = Backoff(_FIRST_RETRY_S, _MOST_RETRY_S)

    @Service.task
    async def _run(self) -> None:
        while not self.should_stop:
            try:
                await self._connected()
            except* (MqttError, OSError) as errors:
                self._say(_first(errors))
            await self.sleep(jittered(self._backoff.failed()))

    async def _connected(self) -> None:
        async with self._new_client() as client:
            try:
                await client.publish(self._topics.status, ONLINE, qos=1, retain=True)
                self._backoff.succeeded()
                log.info("Output %s: is connected", self._name, extra={"fields": {"output": self._name}})
                async with asyncio.TaskGroup() as group:
                    for work in (self._hear(client), self._tell_numbers(client), self._tell_alerts(client)):
                        group.create_task(work)
            finally:
                with suppress(MqttError, TimeoutError):
                    async with asyncio.timeout(_LEAVE_S):
                        await client.publish(self._topics.status, OFFLINE, qos=1, retain=True)

    async def _hear(self, client: Client) -> None:
        """Learn what stands on the broker since before, and answer for a process that told of its own end."""
        learnt = False
        async for message in client.messages:
            topic = str(message.topic)
            if topic != self._topics.status:
                if message.retain and isinstance(message.payload, bytes):
                    self._board.setdefault(topic, message.payload)
            elif message.payload == OFFLINE.encode():
                await client.publish(topic, ONLINE, qos=1, retain=True)
            elif not message.retain and not learnt:  # whatever was retained came before
                await client.unsubscribe(wildcards(self._conf))
                learnt = True

    async def _tell_numbers(self, client: Client) -> None:
        self._board.clear()
        await self._follower.knows_cameras.wait()  # until then all that is retained would be taken for left over
        await self._tell_changes(client)
        await client.subscribe([(topic, 1) for topic in (self._topics.status, *wildcards(self._conf))])
        await client.publish(self._topics.status, ONLINE, qos=1, retain=True)
        while True:
            await asyncio.sleep(_LOOK_S)
            await self._tell_changes(client)

    async def _tell_changes(self, client: Client) -> None:
        """Publish what is not on the broker, and clear what is there of what is gone."""
        wanted = board_of(self._conf, self._numbers, self._counted, self._rules)
        cameras = taken(self._conf, self._numbers)
        for topic in [each for each in self._board if is_left_over(self._conf, each, wanted, cameras)]:
            await client.publish(topic, b"", qos=1, retain=True)
            del self._board[topic]
        for topic, value in wanted.items():
            if self._board.get(topic) != value:
                await client.publish(topic, value, qos=1, retain=True)
                self._board[topic] = value

    async def _tell_alerts(self, client: Client) -> None:
        while True:
            waiting = await self._outbox.oldest(_AT_ONCE)
            await asyncio.gather(*(self._tell(client, key, each) for key, each in waiting.items()))

    async def _tell(self, client: Client, key: str, waiting: Waiting) -> None:
        await client.publish(self._topics.alert(waiting.rule), waiting.body, qos=1)
        self._outbox.delivered(key)

    def _say(self, error: BaseException) -> None:
        if not self.should_stop:
            text = f"Output {self._name}: has no connection, and tries again: {error}"
            log.warning(text, extra={"fields": {"output": self._name, "reason": str(error)}})


def client_of(name: str, conf: MqttConf, status: str) -> Callable[[], Client]:
    """Makes the client of an output. Raises UsageError for an address or a file that cannot be."""
    url = from_environment(conf.url, "an address of an MQTT broker", UsageError)
    try:
        parts = checked_address(url, tuple(_PORTS))
        context = ssl.create_default_context(cafile=conf.ca_file or None) if parts.scheme == "mqtts" else None
    except (ValueError, OSError) as error:
        raise UsageError(f"Output {name}: {error}") from None
    return lambda: Client(
        parts.hostname or "",
        parts.port or _PORTS[parts.scheme],
        username=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password) if parts.password else None,
        tls_context=context,
        will=Will(status, OFFLINE, qos=1, retain=True),
        timeout=_TIMEOUT_S,
        keepalive=_KEEPALIVE_S,
        max_inflight_messages=2 * _AT_ONCE,
        logger=_silent(),
    )


def _silent() -> logging.Logger:
    """The client warns of whatever is said here in one line."""
    own = logging.getLogger("aiomqtt")
    own.setLevel(logging.ERROR)
    return own


def _first(errors: BaseException) -> BaseException:
    return _first(errors.exceptions[0]) if isinstance(errors, BaseExceptionGroup) else errors
