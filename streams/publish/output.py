"""One output of kind stream: its frames from the bus, handed to a stream a source."""

from __future__ import annotations

import logging
import time
from multiprocessing.context import ForkServerContext
from threading import Event, Thread

from functions.core.frame import Frame
from streams.chain.outputs_section import PLACE, StreamConf
from streams.outputs.redacted_frames import RedactedFrames
from streams.publish.address import Address
from streams.publish.stream import Stream
from streams.runtime.logs import Seldom
from streams.settings import Settings

log = logging.getLogger(__name__)

# Streams of an output that names no sources. One that was silent for so long ends where its place is wanted.
MOST_STREAMS, _FORGET_S = 32, 600.0
_AGAIN_S, _END_S = 1.0, 5.0


class StreamOutput:
    """Runs the streams of one output until it is ended. Raises UsageError for an address that cannot be."""

    def __init__(self, settings: Settings, name: str, conf: StreamConf, context: ForkServerContext) -> None:
        self._settings, self._name, self.conf, self._context = settings, name, conf, context
        self._address = Address(name, conf)
        self._streams: dict[str, Stream] = {}
        self._seldom = Seldom(log, _FORGET_S)
        self._end = Event()
        self._thread = Thread(target=self._run, name=f"output {name}", daemon=True)
        self._thread.start()

    def end(self) -> None:
        """Ask it to end; `join` sees to it."""
        self._end.set()
        for stream in [*self._streams.values()]:
            stream.end()

    def join(self) -> None:
        """Back when it and its streams have ended, at most a few seconds after `end`."""
        self._thread.join(_END_S)
        for stream in self._streams.values():
            stream.end()  # those too that have begun meanwhile
        for stream in self._streams.values():
            stream.join()

    def _run(self) -> None:
        for source in dict.fromkeys(self.conf.sources):
            self._begin(source)
        while not self._end.is_set():
            try:
                with RedactedFrames(self._settings, self._name, self.conf) as frames:
                    while not self._end.is_set():
                        self._hand_out(frames.poll())
            except Exception:
                # Else its streams would be grey for good, and nobody would know why.
                log.exception("Output %s: begins anew", self._name)
                self._end.wait(_AGAIN_S)

    def _hand_out(self, frames: list[Frame]) -> None:
        for frame in frames:
            if not self._end.is_set() and (stream := self._stream_of(frame.source)):
                stream.put(frame)

    def _stream_of(self, source: str) -> Stream | None:
        if source in self._streams:
            return self._streams[source]
        if why := self._why_none(source):
            self._seldom.warning(why, f"Output {self._name}: no stream of {source}: {why}", {"source": source})
            return None
        return self._begin(source)

    def _why_none(self, source: str) -> str:
        if self._address.is_of_one and self._streams:
            only = next(iter(self._streams))
            return f"expected {PLACE} in its url, which is that of {only} alone, got a second source"
        if len(self._streams) >= MOST_STREAMS and not self._make_room():
            return f"expected at most {MOST_STREAMS} sources at once where the chain file names none, got more"
        return ""

    def _make_room(self) -> bool:
        """End a stream of which nothing has come for long; whether there was one."""
        now = time.monotonic()
        silent = [each for each in self._streams.values() if now - each.heard_at > _FORGET_S]
        for stream in silent[:1]:
            self._streams.pop(stream.source).end()
        return bool(silent)

    def _begin(self, source: str) -> Stream:
        stream = Stream(source, self._address, self.conf.fps, self._context)
        self._streams[source] = stream
        return stream
