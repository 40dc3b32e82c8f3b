"""A WebRTC peer that receives a camera's video and publishes its frames as the producer does."""

from __future__ import annotations

import asyncio
import logging
import queue
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import suppress
from secrets import token_urlsafe
from threading import Event

from aiortc import MediaStreamTrack, RTCConfiguration, RTCIceServer, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import MediaStreamError
from av import VideoFrame

from functions.core.jpeg import QUALITY
from streams.cameras.claim import Claim, NameInUse
from streams.cameras.report import Link, Report
from streams.producer.sampling import Pace, Production
from streams.producer.sender import Sender
from streams.settings import Settings
from streams.video.decoding import Moment
from streams.video.encoder import Encoder
from streams.video.shown import Shown
from streams.wire.cameras import State

log = logging.getLogger(__name__)

MAX_WH = (1920, 1080)
# A browser that vanished closes nothing.
SILENT_S = 5.0
_FIRST_S = 15.0
# Frames of a session that goes on come more often.
_RETURNS_S = 1.0
_FLUSH_S = 1.0
_WAIT_S = 0.1
_CHECK_EVERY_S = 0.5


class CameraSession:
    """One WebRTC session: publishes frames until either side ends it or the video stops."""

    def __init__(self, settings: Settings, topic: str, source: str, interval_s: float, ice: list[RTCIceServer]) -> None:
        self.id, self.topic, self.source = token_urlsafe(16), topic, source
        self.received = 0
        self.peer = ""
        self._heard_at = time.monotonic()
        self._settings, self._interval_s = settings, interval_s
        self._claim: Claim | None = None
        self._stop = Event()
        self._newest: queue.Queue[VideoFrame] = queue.Queue(maxsize=1)
        self._peer = RTCPeerConnection(RTCConfiguration(ice))
        self._sender = Sender(settings, topic, source, live=True, stop=self._stop)
        encoder = Encoder(QUALITY, MAX_WH, settings.max_record_bytes, self._say)
        self._production = Production(
            source, True, Pace(), encoder, self._sender, None, settings.max_record_bytes, self._stop, self._say
        )
        self._link = Link("webrtc")
        self._report = Report(
            source,
            self._production.run_id,
            topic,
            self._production.began_at,
            self._link,
            self._production.tally,
            True,
            self._sender.tell,
        )
        self._tasks: set[asyncio.Task[None]] = set()
        self._receiving: set[asyncio.Task[None]] = set()
        self.on_end: Callable[[], None] = lambda: None

    @property
    def run(self) -> str:
        """The producer's run, as in the ids of its frames."""
        return self._production.run_id

    @property
    def is_fresh(self) -> bool:
        """Whether a frame came just now, or may yet as the first: another one of that name is no return."""
        return time.monotonic() - self._heard_at < (_RETURNS_S if self.received else _FIRST_S)

    @property
    def stats(self) -> dict[str, int | str]:
        """The connection's state, and the numbers of frames received, acknowledged by the broker, and lost."""
        return {
            "state": self._peer.connectionState,
            "received": self.received,
            "sent": self._sender.acknowledged,
            "lost": self._sender.lost + self._production.skipped + self._production.left_out,
        }

    async def answer(self, offer: str) -> str:
        """The SDP answer. Raises ValueError for an invalid offer, or one without video."""
        self._peer.on("track", self._take_track)
        self._peer.on("connectionstatechange", self._look)
        try:
            await self._peer.setRemoteDescription(RTCSessionDescription(offer, "offer"))
            if not any(part.kind == "video" for part in self._peer.getTransceivers()):
                raise ValueError("no video")
            await self._peer.setLocalDescription(await self._peer.createAnswer())
        except Exception as error:  # aiortc raises many types for invalid SDP
            self._stop_receiving()
            with suppress(Exception):  # closing a half-made peer may fail as well
                await self._peer.close()
            raise ValueError(f"Expected an SDP offer with video, got one that is none: {error}") from None
        return self._peer.localDescription.sdp

    async def begin(self, own: frozenset[str]) -> None:
        """Publish, once it is known that nobody else sends under this name. Raises NameInUse; `own` are no rivals."""
        try:
            await asyncio.to_thread(self._settle, own)
        except NameInUse as error:
            await self.end()
            await asyncio.to_thread(self._flush, "refused", str(error))
            raise
        self._start(self._publish())

    def _settle(self, own: frozenset[str]) -> None:
        self._report.tick()
        self._claim = Claim(self._settings, lambda: self._report.state, own, self._say)
        self._claim.settle(self._tick, self._stop)

    def _tick(self) -> None:
        self._sender.poll(0)
        self._report.tick()

    async def end(self) -> None:
        """Close the connection; accepted frames still reach the broker."""
        if not self._stop.is_set():
            self._stop_receiving()
            await self._peer.close()
            self.on_end()

    def _stop_receiving(self) -> None:
        self._stop.set()
        for task in self._receiving - {asyncio.current_task()}:
            task.cancel()  # a track that never started waits for its first frame

    def _take_track(self, track: MediaStreamTrack) -> None:
        if track.kind == "video":
            self._receiving.add(self._start(self._receive(track)))

    async def _look(self) -> None:
        if self._peer.connectionState in ("failed", "closed"):
            await self.end()

    async def _receive(self, track: MediaStreamTrack) -> None:
        due = 0.0
        try:
            while not self._stop.is_set():
                frame = await asyncio.wait_for(track.recv(), SILENT_S if self.received else _FIRST_S)
                self.received += 1
                self._heard_at = time.monotonic()
                if (now := time.monotonic()) >= due and isinstance(frame, VideoFrame):
                    # From when it was due, not from when it came: else frames a little early would be skipped.
                    due = max(due + self._interval_s, now - self._interval_s)
                    self._offer(frame)
        except (MediaStreamError, TimeoutError):
            await self.end()

    def _offer(self, frame: VideoFrame) -> None:
        try:
            self._newest.put_nowait(frame)
        except queue.Full:  # the encoder is busy: live frames are skipped, not queued
            self._production.skipped += 1

    async def _publish(self) -> None:
        state: State = "ended"
        why = ""
        try:
            await asyncio.to_thread(self._production.run, self._moments())
        except NameInUse as error:
            state, why = "refused", str(error)
            self._say(why)
        finally:
            await self.end()
            await asyncio.to_thread(self._flush, state, why)

    def _flush(self, state: State, why: str = "") -> None:
        if self._claim:
            self._claim.close()
        self._report.end(state, why)
        end = time.monotonic() + _FLUSH_S
        while self._sender.pending and time.monotonic() < end:
            self._sender.poll(_WAIT_S)
        self._sender.flush(_WAIT_S)

    def _moments(self) -> Iterator[Moment]:
        began = check_at = time.monotonic()
        while not self._stop.is_set():
            self._tick()
            if self._claim and time.monotonic() >= check_at:
                check_at = time.monotonic() + _CHECK_EVERY_S
                self._claim.check()
            try:
                frame = self._newest.get(timeout=_WAIT_S)
            except queue.Empty:
                continue
            if not self._link.is_connected:
                self._link.connected(None)
            yield _moment(time.monotonic() - began, frame)

    def _start(self, work: Coroutine[None, None, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def _say(self, text: str) -> None:
        log.warning("Camera %s: %s", self.source, text)


def _moment(at_s: float, frame: VideoFrame) -> Moment:
    return Moment(at_s, lambda: Shown(frame))
