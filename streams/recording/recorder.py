"""Records one output of the chain file: goes on where it left off, as far back as the topic goes."""

from __future__ import annotations

import fcntl
import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event

from msgspec.structs import replace

from functions.core.errors import UsageError
from functions.core.frame import Frame
from functions.core.jpeg import JpegError
from streams.outputs.reader import Received, TopicReader
from streams.outputs.redacted_frames import RedactedFrames
from streams.recording import positions
from streams.recording.camera import Camera, Place
from streams.recording.chosen import Recording
from streams.recording.disk import Disk
from streams.recording.erased import ErasedHere
from streams.recording.retention import Retention
from streams.runtime.logs import Seldom
from streams.settings import Settings

log = logging.getLogger(__name__)
_TICK_S, _SAVE_S = 1.0, 5.0
_SENDS_S = 30.0
GIGA = 1e9
LOCK = "recorder.lock"


class Recorder:
    """Records one [outputs.NAME]. Raises UsageError for a folder that cannot be used."""

    def __init__(self, settings: Settings, recording: Recording) -> None:
        self._settings, self._recording = settings, recording
        self._root, conf = recording.root, recording.conf
        try:
            self._root.mkdir(parents=True, exist_ok=True)
            self._place = Place(
                self._root,
                conf.topic,
                recording.redacted,
                Disk(str(self._root)),
                ErasedHere(self._root),
                Retention(self._root, conf.keep_days, conf.keep_gb * GIGA),
            )
        except OSError as error:
            text = f"Output {recording.name}, dir: expected a folder to write to, got {conf.dir}: {error.strerror}"
            raise UsageError(text) from None
        self._cameras: dict[str, Camera] = {}
        # Of a redacted topic nothing raw, whatever the output says: its files are for viewers.
        let_in = replace(conf, raw=conf.raw and not recording.redacted)
        self._frames = RedactedFrames(settings, recording.name, let_in, self._begin)
        self._frames.next_offsets = positions.load(self._root, conf.topic)
        self._seldom = Seldom(log)
        self._tick_at = self._save_at = 0.0

    def run(self, stop: Event) -> None:
        """Record until stopped, whatever becomes of the broker meanwhile. Raises UsageError where another one does."""
        with self._alone(), self._frames:
            while not stop.is_set():
                for frame, message in self._frames.poll_with_messages():
                    self._take(frame, message)
                self._look_after()
            for camera in self._cameras.values():
                camera.close()
            self._save()

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Two would record everything twice; the lock ends with the process, however that ends."""
        what = f"Output {self._recording.name}, dir {self._root}"
        try:
            lock = (self._root / LOCK).open("w")
        except OSError as error:
            raise UsageError(f"{what}: expected a folder to write to, got: {error.strerror}") from None
        with lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise UsageError(f"{what}: expected to be alone, got another that records there") from None
            yield

    @property
    def next_offsets(self) -> dict[int, int]:
        """What it reads next, by partition."""
        return self._frames.next_offsets

    def _begin(self, reader: TopicReader) -> None:
        """Where it left off; where it has not been, at the oldest."""
        for (_, partition), (first, end) in reader.marks.items():
            wanted = self.next_offsets.get(partition, first)
            if wanted < first:
                text = "Output %s: %d records of %s/%d expired before they were read"
                log.warning(text, self._recording.name, first - wanted, reader.topic, partition)
            # A topic that was made anew counts from 0 again.
            self.next_offsets[partition] = wanted if first <= wanted <= end else first
        reader.begin_at(self.next_offsets)
        log.info("Output %s: records %s into %s", self._recording.name, reader.topic, self._root)

    def _take(self, frame: Frame, message: Received) -> None:
        name = self._recording.name
        if not self._place.retention.takes(frame.captured_at / 1e6, time.time()):
            text = f"Output {name}: a frame is left out whose time is not that of the days that are kept"
            self._seldom.warning("time", f"{text}: is its clock right?", {})
        elif camera := self._camera(frame.source):
            try:
                camera.take(frame, (message.partition, message.offset))
            except JpegError as error:
                self._seldom.warning(str(error), f"Output {name}: a frame is left out: {error}", {})

    def _camera(self, source: str) -> Camera | None:
        if (known := self._cameras.get(source)) is not None:
            return known
        if len(self._cameras) >= self._settings.sources and not self._make_room():
            text = f"Output {self._recording.name}: more sources send than are recorded at once: new ones are left out"
            self._seldom.warning("crowded", text, {"sources": self._settings.sources})
            return None
        try:
            camera = self._cameras[source] = Camera(source, self._place)
        except OSError as error:
            self._place.disk.failed(error)
            return None
        return camera

    def _make_room(self) -> bool:
        """Forget the source that has been silent for longest, unless it sends."""
        source = min(self._cameras, key=lambda name: self._cameras[name].taken_at)
        if time.monotonic() - self._cameras[source].taken_at < _SENDS_S:
            return False
        self._cameras.pop(source).close()
        return True

    def _look_after(self) -> None:
        now = time.monotonic()
        if now < self._tick_at:
            return
        self._tick_at = now + _TICK_S
        for camera in self._cameras.values():
            camera.end_idle()
        try:
            if self._place.erased.has_changed():
                self._place.retention.count()
            self._place.retention.expire(time.time())
        except OSError as error:
            self._place.disk.failed(error)
        if now >= self._save_at:
            self._save()

    def _save(self) -> None:
        """Keep how far it is; frames that are not on disk yet are to be read again."""
        self._save_at = time.monotonic() + _SAVE_S
        next_offsets = dict(self.next_offsets)
        for camera in self._cameras.values():
            if (first := camera.unwritten) is not None:
                next_offsets[first.partition] = min(next_offsets[first.partition], first.offset)
        positions.save(self._root, self._recording.conf.topic, next_offsets)
