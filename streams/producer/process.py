"""A producer under way: a source read by one thread, sent by another, and told of on `CAMERAS`."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import closing
from dataclasses import dataclass
from threading import Event, Thread

import click

from functions.core.frame import Size
from streams.cameras.claim import Claim, NameInUse
from streams.cameras.report import Link, Report
from streams.chain.types import Chain
from streams.producer.backpressure import LEAD, LEAD_EMBEDDED, Backpressure
from streams.producer.metrics import ProducerMetrics, serve
from streams.producer.monitor import SenderMonitor, topic_ready
from streams.producer.playback import in_real_time, looped
from streams.producer.progress import Progress
from streams.producer.reconnecting import LiveVideo
from streams.producer.sampling import Pace, Production
from streams.producer.sender import Sender
from streams.producer.sources import Source, open_source
from streams.settings import Settings
from streams.video.decoding import Moment
from streams.video.encoder import Encoder
from streams.video.key_frames import Decode, Mode
from streams.wire.cameras import State

# After a stop signal: for the source to end, and for frames to be acknowledged. At the end for the last state.
_SOURCE_END_S, _FLUSH_S, _LAST_STATE_S = 1.0, 3.0, 1.0
_CHECK_EVERY_S = 0.5


@dataclass(frozen=True)
class Job:
    """What a producer is to do; `own_runs` are earlier runs of this very camera, which it replaces."""

    source: str
    name: str
    topic: str
    pace: Pace
    max_wh: Size | None
    quality: int
    realtime: bool = False
    loop: bool = False
    lead: int | None = None
    metrics_port: int | None = None
    stream: int | None = None
    transport: str | None = None
    decode: Mode = "auto"
    own_runs: frozenset[str] = frozenset()


class Run:
    """One run of a producer, from opening the source on. Raises UsageError and ClickException.

    `beat` is called by the thread that watches over the one that reads, as long as both live.
    """

    def __init__(
        self,
        job: Job,
        conf: Settings,
        chain: Chain,
        progress: Progress,
        stop: Event,
        beat: Callable[[], None] = lambda: None,
    ) -> None:
        self._job, self._conf, self._progress, self._stop, self._beat = job, conf, progress, stop, beat
        self._frames = frames = open_source(job.source, progress.say, job.stream, job.transport)
        frames.decode = Decode(job.decode, job.pace.fps)
        live = frames.live or (job.realtime and job.loop)
        self.endless = frames.live or job.loop
        embedded = topic_ready(conf, chain, job.topic, stop, progress.say)
        self._sender = Sender(conf, job.topic, job.name, live, stop)
        self._max_lead = (LEAD_EMBEDDED if embedded else LEAD) if job.lead is None else job.lead
        pressure = self._max_lead and not live
        self.production = Production(
            job.name,
            live,
            job.pace if job.pace.every or job.pace.fps else Pace(frames.every),
            Encoder(job.quality, job.max_wh, conf.max_record_bytes, progress.say),
            self._sender,
            Backpressure(conf, chain, job.topic, job.name, self._max_lead, embedded, progress.say)
            if pressure
            else None,
            conf.max_record_bytes,
            stop,
            progress.say,
        )
        self.report = Report(
            job.name,
            self.production.run_id,
            job.topic,
            self.production.began_at,
            frames.link if isinstance(frames, LiveVideo) else Link("file", is_connected=True),
            self.production.tally,
            live,
            self._sender.tell,
        )
        self._outcome: Future[None] = Future()

    @property
    def is_over(self) -> bool:
        """Whether the thread that reads the source has ended."""
        return self._outcome.done()

    def to_its_end(self) -> int:
        """Send until the source ends, or until stopped; the exit code."""
        # PyAV's frames and their side data hold one another: each picture would stay until Python happens to look for
        # such. It looks often, and never at what was there before the first frame.
        gc.freeze()
        self.report.tick()
        try:
            self._produce()
            code = self._finish()
        except Exception as error:
            self._last_state("refused", error.message if isinstance(error, click.ClickException) else str(error))
            raise
        self._last_state("stopped" if self._stop.is_set() else "ended")
        return code

    def _produce(self) -> None:
        job, production = self._job, self.production
        with closing(Claim(self._conf, lambda: self.report.state, job.own_runs, self._progress.say)) as claim:
            claim.settle(self._tick, self._stop)
            if job.metrics_port:
                serve(job.metrics_port, ProducerMetrics(production, self._frames, self.report))
            self._progress.begin(None if self.endless else _to_send(self._frames, production.pace), self.endless)
            _in_thread(lambda: production.run(self._moments()), self._outcome)
            self._poll_until_done(claim)

    def _moments(self) -> Iterator[Moment]:
        if self._frames.live:
            return self._frames.moments(self._stop)
        moments = looped(self._frames, self._stop) if self._job.loop else self._frames.moments(self._stop)
        return in_real_time(moments, self._stop) if self._job.realtime else moments

    def _tick(self) -> None:
        gc.collect()
        self.report.tick()
        self._beat()

    def _poll_until_done(self, claim: Claim) -> None:
        """Poll until the source has ended and all is acknowledged; for some seconds only after a stop signal."""
        sender, monitor = self._sender, SenderMonitor(self._conf.kafka_url, self._sender, self._progress)
        stopped_at: float | None = None
        check_at = 0.0
        while not self._outcome.done() or sender.pending > 0:
            monitor.poll(self.production.skipped)
            self._tick()
            if (now := time.monotonic()) >= check_at:
                check_at = now + _CHECK_EVERY_S
                self._check(claim)
            if not self._stop.is_set():
                continue
            stopped_at = stopped_at or time.monotonic()
            limit_s = _FLUSH_S if sender.pending > 0 else _SOURCE_END_S
            if sender.refused or time.monotonic() - stopped_at > limit_s:
                break
        monitor.end()

    def _check(self, claim: Claim) -> None:
        try:
            claim.check()
        except NameInUse:
            self._stop.set()
            raise

    def _last_state(self, state: State, why: str = "") -> None:
        self.report.end(state, why)
        self._sender.flush(_LAST_STATE_S)

    def _finish(self) -> int:
        """Report what became of the frames; the exit code."""
        sender, production = self._sender, self.production
        if sender.refused:
            raise click.ClickException(
                f"{self._job.topic} at {self._conf.kafka_url} takes no records: {sender.refused.str()}"
            )
        counts = {
            "skipped": production.skipped,
            "lost": sender.lost,
            "left out": production.left_out,
            "not acknowledged": sender.pending,
        }
        others = "".join(f", {count} {what}" for what, count in counts.items() if count > 0)
        production.say(f"{sender.acknowledged} frames on the bus{others}")
        if self._outcome.done():
            self._outcome.result()
        return 1 if sender.pending > 0 or self._is_incomplete else 0

    @property
    def _is_incomplete(self) -> bool:
        """Whether frames of a recorded source are missing."""
        return not self._frames.live and bool(self._frames.losses or self.production.left_out)


def _in_thread(work: Callable[[], None], outcome: Future[None]) -> None:
    """Run work that may hang in a camera's driver, in a daemon thread: the process's end does not wait for it."""

    def body() -> None:
        try:
            work()
            outcome.set_result(None)
        except BaseException as error:
            outcome.set_exception(error)

    Thread(target=body, name="source", daemon=True).start()


def _to_send(source: Source, pace: Pace) -> int | None:
    return None if source.total is None or pace.fps else -(-source.total // pace.every)
