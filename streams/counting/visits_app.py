"""The visits' Faust app: reads frames, keeps each camera's state in a table, publishes visits."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Iterable, Mapping
from typing import Any

import msgspec
from faust.types import EventT
from msgspec import Struct, structs

from functions.appearance.clothes import Look, Looks, look_of
from functions.core.frame import XYXY, Frame
from functions.counting.per_camera import Camera, count
from functions.counting.visits import Visit
from functions.counting.windows import LATEST
from streams.chain.counts_section import NAME, CountsConf
from streams.kafka.counting_topics import CAMERAS, visits_group
from streams.runtime.expired_offsets import ExpiredOffsets
from streams.runtime.lag import held
from streams.runtime.logs import Seldom
from streams.runtime.source_memory import Key, SourceMemory, key_of
from streams.runtime.supervisor import Refuse
from streams.runtime.table_app import RestartState, TableApp
from streams.settings import Settings
from streams.wire import counts
from streams.wire.counts import VISITS, WireVisit
from streams.wire.reading import frame_of
from streams.wire.records import RecordError


class Row(Struct):
    """A camera's row: `partition` of its frames (-1: not stored yet), `seen_at` the Kafka timestamp of the last one.

    `mine`: this process has tracked the camera without interruption.
    """

    camera: Camera = Camera()
    partition: int = -1
    seen_at: float = 0.0
    mine: bool = True


def _read(name: str, value: bytes) -> tuple[Key, Row] | None:
    """A row as it was written, not `mine` yet; None for one of another version."""
    try:
        key = msgspec.json.decode(name, type=Key)
        return key, structs.replace(msgspec.msgpack.decode(value, type=Row), mine=False)
    except msgspec.DecodeError:
        return None


log = logging.getLogger(__name__)

# Rows for each source that a stage remembers, whose state is a thousand times as large.
_ROWS_PER_SOURCE = 16


class VisitsApp(TableApp):
    """The Faust app that tracks people at each camera and publishes their visits."""

    def __init__(
        self, conf: CountsConf, partitions: int, settings: Settings, state: RestartState, refuse: Refuse
    ) -> None:
        self._rows = SourceMemory(_ROWS_PER_SOURCE * settings.sources, lambda key: Row(), self._evicted)
        self._to_delete: list[tuple[Key, Row]] = []  # evicted, their last visits not published yet
        self._restored = False
        super().__init__(NAME, visits_group(conf), conf.input, CAMERAS, partitions, settings, state, refuse)
        self._conf, self._max_bytes = conf, settings.max_record_bytes
        self._looks = Looks()
        self._gaps = ExpiredOffsets(self.app, NAME, "Counting", state.counts)
        self._seldom = Seldom(log)

    def events(self, stream: Any) -> AsyncIterator[EventT[bytes]]:
        return self._gaps.watched(stream)

    async def process(self, event: EventT[bytes]) -> None:
        """Publish a frame's visits, then store the camera's row: after a crash in between both are done again."""
        message = event.message
        frame = frame_of(message, self._max_bytes)
        if frame.captured_at > LATEST:
            raise RecordError(f"Expected a time with an hour and a day, at most {LATEST}, got {frame.captured_at}")
        self._restore()
        row = self._rows.see(key_of(frame))
        await self._delete_evicted()
        if row.camera.knows(frame):
            return
        camera = row.camera if row.mine else structs.replace(row.camera, restarted_at=frame.captured_at)
        after, visits = count(camera, frame, self._conf.options, self._conf.ground.get(frame.source))
        if self._conf.looks:
            after, visits = await self._matched(frame, after, visits)
        await self._publish(visits)
        row.camera, row.partition, row.seen_at, row.mine = after, message.partition, message.timestamp, True
        self.table[json.dumps(key_of(frame))] = msgspec.msgpack.encode(row)

    def forget(self) -> None:
        """Read the rows again: the next frame of every camera follows an interruption."""
        self._rows.clear()
        self._to_delete.clear()
        self._restored = False
        self._gaps.forget()
        self._looks = Looks()

    def _restore(self) -> None:
        """Restore the table's rows of this process's partitions, in the order in which they were last seen."""
        if self._restored:
            return
        self._restored = True
        mine = {each.partition for each in held(self.app) if each.topic == self._conf.input}
        read = [each for name, value in self.table.items() if (each := _read(name, value))]
        for key, row in sorted(read, key=lambda each: each[1].seen_at):
            if row.partition in mine:
                self._rows.restore(key, row)

    def _evicted(self, key: Key, row: Row, why: str) -> None:
        if row.partition >= 0:  # it has a row in the table
            self._to_delete.append((key, row))
        text = f"Counting: forgets camera {key.source}, {why}"
        self._seldom.warning(f"forgets a camera {why}", text, {"stage": NAME, "source": key.source, "reason": why})

    async def _delete_evicted(self) -> None:
        """Publish the last visits of cameras that were evicted, and then delete their rows."""
        while self._to_delete:
            key, row = self._to_delete[0]
            await self._publish(row.camera.unpublished)
            self.table.forget(json.dumps(key), row.partition)
            del self._to_delete[0]

    async def _matched(self, frame: Frame, camera: Camera, visits: list[Visit]) -> tuple[Camera, list[Visit]]:
        """The same, with `same_as` set on visits of the same appearance."""
        seen = [each for each in camera.tracks if each.id in camera.visits and not each.missed]
        wanted = {each.id: each.xyxy(frame.size_wh) for each in seen if self._looks.wants(each.id, frame.captured_at)}
        if wanted:
            for number, look in (await asyncio.to_thread(_looks_of, frame, wanted)).items():
                self._looks.add(number, frame.source, frame.captured_at, look)
        same = {visit.id: found for visit in visits if (found := self._looks.same_as(visit.id)) and not visit.same_as}
        known = {
            number: structs.replace(each, visit=structs.replace(each.visit, same_as=same[number]))
            for number, each in camera.visits.items()
            if number in same
        }
        visits = [structs.replace(each, same_as=same.get(each.id, each.same_as)) for each in visits]
        return structs.replace(camera, visits=camera.visits | known), visits

    async def _publish(self, visits: Iterable[Visit]) -> None:
        for visit in visits:
            value = counts.encode(msgspec.convert(visit, WireVisit, from_attributes=True))
            await self.send(VISITS, f"{visit.id}/{visit.minute}".encode(), value)


def _looks_of(frame: Frame, boxes: Mapping[int, XYXY]) -> dict[int, Look]:
    """The appearance of the person in each box, where enough of it is visible."""
    return {number: look for number, box in boxes.items() if (look := look_of(frame.image, box)) is not None}
