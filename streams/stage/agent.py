"""A stage as a Faust app with one agent."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from faust.streams import Stream
from faust.types import EventT, StreamT

from streams.chain.types import StageConf, dead_letters_of, group_of
from streams.runtime.errors import Stopped
from streams.runtime.expired_offsets import Gaps
from streams.runtime.faust_app import bus_app
from streams.runtime.supervisor import Reading
from streams.settings import Settings
from streams.stage.delivery import Delivery, until_stopped
from streams.stage.handler import Stage

_AHEAD = 16


class StageApp(Reading):
    """The Faust app of one stage; what the bus refuses is told to `refused`."""

    def __init__(
        self, stage: Stage, name: str, conf: StageConf, settings: Settings, refused: Callable[[Stopped], None]
    ) -> None:
        super().__init__(bus_app(group_of(conf.inputs, name, conf.output), settings), conf.inputs)
        self._refused = refused
        dead_letters = dead_letters_of(name)
        self._outputs = {topic: self.app.topic(topic) for topic in (conf.output, dead_letters)}
        self._delivery: Delivery[EventT[bytes]] = Delivery(
            stage, self._send, (conf.output, dead_letters), _window(stage, settings), _message_of, _ack
        )
        self.app.is_full = self._delivery.is_full
        self.app.agent(self.app.topic(*conf.inputs), name=name)(self._agent)
        self._stage, self._gaps = stage, Gaps(self.app, stage.missed)
        stage.forget()  # one that was refused left frames behind
        self.app.on_partitions_revoked.connect(lambda *_, **__: self._forget(), weak=False)

    async def _agent(self, stream: StreamT[bytes]) -> None:
        await until_stopped(self._delivery.run(self._gaps.watched(cast(Stream[bytes], stream).noack())), self._refused)

    def _forget(self) -> None:
        """Other workers may have had these sources meanwhile, and died of one of their records."""
        self._stage.suspects.ask_the_dead()
        self._stage.forget()
        self._gaps.forget()

    async def _send(self, topic: str, key: bytes | None, value: bytes, headers: dict[str, bytes]) -> Any:
        return await self._outputs[topic].send(key=key, value=value, headers=headers)


def _window(stage: Stage, settings: Settings) -> int:
    """How many records the stage holds; one that looks ahead has to hold all frames of the window of all sources."""
    return settings.window * (_AHEAD if stage.work.window_s else 1)


def _message_of(event: EventT[bytes]) -> Any:
    return event.message


def _ack(event: EventT[bytes]) -> bool:
    return event.ack()
