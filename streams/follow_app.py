"""Follows every camera: frames in, visits out. What is remembered of a camera is a row of a table, in numbers."""

from __future__ import annotations

from collections import Counter

import msgspec
from faust.types import EventT
from msgspec import structs

from functions.count import Camera, count
from functions.frame import Frame
from functions.visits import Visit
from streams import counts, records
from streams.counting_app import CountingApp, Refuse
from streams.counting_topics import CAMERAS, cameras_group
from streams.counts import VISITS, WireVisit
from streams.counts_conf import CountsConf
from streams.settings import Settings


class FollowApp(CountingApp):
    """The Faust app that follows the cameras."""

    def __init__(
        self, conf: CountsConf, partitions: int, settings: Settings, done: Counter[str], refuse: Refuse
    ) -> None:
        super().__init__(cameras_group(conf), conf.input, CAMERAS, partitions, settings, done, refuse)
        self._conf, self._max_bytes = conf, settings.max_record_bytes
        self._mine: set[str] = set()  # the cameras that this process has followed without a break

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
        for visit in told:
            await self._tell(visit)
        self.table[frame.source] = msgspec.msgpack.encode(after)

    def forget(self) -> None:
        """The next frame of every camera is one after a break."""
        self._mine.clear()

    def _camera(self, source: str) -> Camera:
        row = self.table.get(source)
        return msgspec.msgpack.decode(row, type=Camera) if row else Camera()

    def _taken_over(self, camera: Camera, frame: Frame) -> Camera:
        """The same camera; where another process has followed it, or this one before it was stopped, it says so."""
        again = camera.runs and frame.source not in self._mine
        self._mine.add(frame.source)
        return structs.replace(camera, restarted_at=frame.captured_at) if again else camera

    async def _tell(self, visit: Visit) -> None:
        value = counts.encode(msgspec.convert(visit, WireVisit, from_attributes=True))
        await self.send(VISITS, f"{visit.id}/{visit.minute}".encode(), value)
