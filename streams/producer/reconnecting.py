"""Live video: reconnected with exponential backoff whenever it ends, fails or times out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from threading import Event

from streams.cameras.report import Link
from streams.producer.recorded import Opened
from streams.producer.urls import SourceError
from streams.runtime.backoff import Backoff
from streams.video.decoding import Moment, NoVideoError, Say, VideoError
from streams.video.key_frames import Decode

# Time-outs of connecting and of reading (FFmpeg's RTSP waits twice as long).
SILENCE_S = (10.0, 5.0)
_FIRST_DELAY_S, _LAST_DELAY_S = 0.5, 15.0


class LiveVideo:
    """A camera that is reconnected; `label` is its address without secrets."""

    live = True
    every = 30
    total: int | None = None
    losses = ""

    def __init__(self, connect: Callable[[tuple[float, float]], Opened], label: str, say: Say, transport: str) -> None:
        self._connect = connect
        self._label = label
        self._say = say
        self.connections = 0
        self.decode = Decode()
        self.link = Link(transport)

    def moments(self, stop: Event) -> Iterator[Moment]:
        """The frames of all connections, until `stop` is set.

        Raises SourceError where the first connection gives no video, since another would not either.
        """
        backoff = Backoff(_FIRST_DELAY_S, _LAST_DELAY_S)
        heard = False
        while not stop.is_set():
            try:
                for moment in self._one_connection():
                    backoff.succeeded()
                    heard = True
                    yield moment
                why = "the stream has ended"
            except VideoError as error:
                if isinstance(error, NoVideoError) and not heard:
                    raise SourceError(f"{self._label}: {error}") from None
                why = str(error)
            self.link.lost(why)
            delay_s = backoff.failed()
            self._say(f"{self._label}: {why}; next try in {delay_s:g} s")
            stop.wait(delay_s)

    def _one_connection(self) -> Iterator[Moment]:
        with self._connect(SILENCE_S) as video:
            self.connections += 1
            self.link.transport = video.transport or self.link.transport
            self.link.connected(video.codec)
            self._say(f"{self._label}: connected, {video.described}")
            # A stream is joined in the middle: before its first key frame nothing decodes.
            first_loss, due = None, 1
            for moment in video.moments(self._say, SILENCE_S[1], self.decode):
                yield moment
                first_loss = video.losses.not_decoded if first_loss is None else first_loss
                lost = video.losses.not_decoded - first_loss
                if lost >= due:
                    self._say(f"{self._label}: {lost} packets did not decode")
                    due = 2 * lost
