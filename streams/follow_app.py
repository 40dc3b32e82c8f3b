"""Follows every camera: frames in, visits out. What is remembered of a camera is a row of a table, in numbers."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import msgspec
from faust.types import EventT
from msgspec import structs

from functions.count import Camera, count
from functions.frame import XYXY, Frame
from functions.looks import Look, Looks, look_of
from functions.visits import Visit
from streams import counts, records
from streams.counting_app import CountingApp, Kept, Refuse
from streams.counting_topics import CAMERAS, cameras_group
from streams.counts import VISITS, WireVisit
from streams.counts_conf import CountsConf
from streams.settings import Settings


class FollowApp(CountingApp):
    """The Faust app that follows the cameras."""

    def __init__(self, conf: CountsConf, partitions: int, settings: Settings, kept: Kept, refuse: Refuse) -> None:
        super().__init__(cameras_group(conf), conf.input, CAMERAS, partitions, settings, kept, refuse)
        self._conf, self._max_bytes = conf, settings.max_record_bytes
        self._mine: set[str] = set()  # the cameras that this process has followed without a break
        self._looks = Looks()

    async def take(self, event: EventT[bytes]) -> None:
        """One frame: first its visits are on the bus, then what is remembered, and only then it is acknowledged.

        A process that is killed in between finds the frame again, and tells the same of it.
        """
        frame = records.to_frame(records.decode(event.message.value or b"", self._max_bytes))
        camera = self._camera(frame.source)
        if camera.knows(frame):
            return
        camera = self._taken_over(camera, frame)
        after, told = count(camera, frame, self._conf.options, self._conf.ground.get(frame.source))
        if self._conf.looks:
            after, told = await self._compared(frame, after, told)
        for visit in told:
            await self._tell(visit)
        self.table[frame.source] = msgspec.msgpack.encode(after)

    def forget(self) -> None:
        """The next frame of every camera is one after a break."""
        self._mine.clear()
        self._looks = Looks()

    def _camera(self, source: str) -> Camera:
        row = self.table.get(source)
        return msgspec.msgpack.decode(row, type=Camera) if row else Camera()

    def _taken_over(self, camera: Camera, frame: Frame) -> Camera:
        """The same camera; where another process has followed it, or this one before it was stopped, it says so."""
        again = camera.runs and frame.source not in self._mine
        self._mine.add(frame.source)
        return structs.replace(camera, restarted_at=frame.captured_at) if again else camera

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

    async def _tell(self, visit: Visit) -> None:
        value = counts.encode(msgspec.convert(visit, WireVisit, from_attributes=True))
        await self.send(VISITS, f"{visit.id}/{visit.minute}".encode(), value)


def _looks_of(frame: Frame, boxes: Mapping[int, XYXY]) -> dict[int, Look]:
    """How those in the boxes look, as far as they can be seen."""
    return {number: look for number, box in boxes.items() if (look := look_of(frame.image, box)) is not None}
