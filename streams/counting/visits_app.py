"""Follows every camera: frames in, visits out. What is remembered of one is a row of a table, in numbers."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Iterable, Mapping
from typing import Any

import msgspec
from faust.types import EventT
from msgspec import structs

from functions.appearance.clothes import Look, Looks, look_of
from functions.core.frame import XYXY, Frame
from functions.counting.per_camera import Camera, count
from functions.counting.visits import Visit
from functions.counting.windows import LATEST
from streams.chain.counts_section import NAME, CountsConf
from streams.counting import camera_rows
from streams.counting.camera_rows import Row, name_of
from streams.counting.table_app import CountingApp, Kept
from streams.kafka.counting_topics import CAMERAS, cameras_group
from streams.runtime.expired_offsets import Gaps
from streams.runtime.lag import held
from streams.runtime.logs import Seldom
from streams.runtime.source_memory import Key, Remembered, key_of
from streams.runtime.supervisor import Refuse
from streams.settings import Settings
from streams.wire import counts
from streams.wire.counts import VISITS, WireVisit
from streams.wire.reading import frame_of
from streams.wire.records import RecordError

log = logging.getLogger(__name__)

# Places for each source that a stage remembers, whose memory is a thousand times as large.
_PLACES = 16


class FollowApp(CountingApp):
    """The Faust app that follows the cameras."""

    def __init__(self, conf: CountsConf, partitions: int, settings: Settings, kept: Kept, refuse: Refuse) -> None:
        self._rows = Remembered(_PLACES * settings.sources, lambda key: Row(), self._forgotten)
        self._gone: list[tuple[Key, Row]] = []  # whose visits are still to be told
        self._restored = False
        super().__init__(cameras_group(conf), conf.input, CAMERAS, partitions, settings, kept, refuse)
        self._conf, self._max_bytes = conf, settings.max_record_bytes
        self._looks = Looks()
        self._gaps = Gaps(self.app, self._missed)
        self._seldom = Seldom(log)

    def events(self, stream: Any) -> AsyncIterator[EventT[bytes]]:
        """The events of the stream; what was deleted before it could be read is counted."""
        return self._gaps.watched(stream)

    async def take(self, event: EventT[bytes]) -> None:
        """One frame: first its visits are on the bus, then what is remembered, and only then it is acknowledged.

        A process that is killed in between finds the frame again, and tells the same of it.
        """
        message = event.message
        frame = _in_calendar(frame_of(message, self._max_bytes))
        self._restore()
        row = self._rows.see(key_of(frame))
        await self._let_go()
        if row.camera.knows(frame):
            return
        camera = row.camera if row.mine else structs.replace(row.camera, restarted_at=frame.captured_at)
        after, told = count(camera, frame, self._conf.options, self._conf.ground.get(frame.source))
        if self._conf.looks:
            after, told = await self._compared(frame, after, told)
        await self._tell(told)
        row.camera, row.partition, row.seen_at, row.mine = after, message.partition, message.timestamp, True
        self.table[name_of(key_of(frame))] = msgspec.msgpack.encode(row)

    def forget(self) -> None:
        """The next frame of every camera is one after a break."""
        self._rows.clear()
        self._gone.clear()
        self._restored = False
        self._gaps.forget()
        self._looks = Looks()

    def _restore(self) -> None:
        """Take the rows of the table that are of this process's partitions, those seen last as the newest."""
        if self._restored:
            return
        self._restored = True
        mine = {each.partition for each in held(self.app) if each.topic == self._conf.input}
        read = [each for name, value in self.table.items() if (each := camera_rows.read(name, value))]
        for key, row in sorted(read, key=lambda each: each[1].seen_at):
            if row.partition in mine:
                self._rows.restore(key, row)

    def _forgotten(self, key: Key, row: Row, why: str) -> None:
        if row.partition >= 0:  # it has a row in the table
            self._gone.append((key, row))
        text = f"Counting: forgets camera {key.source}, {why}"
        self._seldom.warning(f"forgets a camera {why}", text, {"stage": NAME, "source": key.source, "reason": why})

    async def _let_go(self) -> None:
        """Tell what is left of the visits at cameras that are forgotten, and then drop their rows."""
        while self._gone:
            key, row = self._gone[0]
            await self._tell(row.camera.unpublished)
            self.table.forget(name_of(key), row.partition)
            del self._gone[0]

    def _missed(self, message: Any, count: int) -> None:
        self._kept.counts["expired"] += count
        place = message.topic, message.partition, message.offset
        fields = {"stage": NAME, **dict(zip(("topic", "partition", "offset"), place, strict=True))}
        log.warning("Counting: %d records before %s@%d/%d expired unread", count, *place, extra={"fields": fields})

    async def _compared(self, frame: Frame, camera: Camera, told: list[Visit]) -> tuple[Camera, list[Visit]]:
        """The same, with what is told of visits that look like others. What they look like stays in `_looks`."""
        seen = [each for each in camera.tracks if each.id in camera.visits and not each.missed]
        wanted = {each.id: each.motion.xyxy for each in seen if self._looks.wants(each.id, frame.captured_at)}
        if wanted:
            for number, look in (await asyncio.to_thread(_looks_of, frame, wanted)).items():
                self._looks.add(number, frame.source, frame.captured_at, look)
        same = {visit.id: found for visit in told if (found := self._looks.same_as(visit.id)) and not visit.same_as}
        known = {
            number: structs.replace(each, visit=structs.replace(each.visit, same_as=same[number]))
            for number, each in camera.visits.items()
            if number in same
        }
        told = [structs.replace(each, same_as=same.get(each.id, each.same_as)) for each in told]
        return structs.replace(camera, visits=camera.visits | known), told

    async def _tell(self, visits: Iterable[Visit]) -> None:
        for visit in visits:
            value = counts.encode(msgspec.convert(visit, WireVisit, from_attributes=True))
            await self.send(VISITS, f"{visit.id}/{visit.minute}".encode(), value)


def _in_calendar(frame: Frame) -> Frame:
    if frame.captured_at > LATEST:
        raise RecordError(f"Expected a time with an hour and a day, at most {LATEST}, got {frame.captured_at}")
    return frame


def _looks_of(frame: Frame, boxes: Mapping[int, XYXY]) -> dict[int, Look]:
    """How those in the boxes look, as far as they can be seen."""
    return {number: look for number, box in boxes.items() if (look := look_of(frame.image, box)) is not None}
