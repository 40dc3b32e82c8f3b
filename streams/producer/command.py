"""`imagebus produce`: frames of a file, a camera or a folder of pictures, as records on the bus."""

from __future__ import annotations

import os
import re
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from threading import Event, Thread

import click

from functions.core.frame import Size
from functions.core.jpeg import QUALITY
from streams import settings
from streams.chain.check import checked
from streams.chain.types import Chain
from streams.producer.backpressure import LEAD, LEAD_EMBEDDED, Backpressure
from streams.producer.metrics import ProducerMetrics, serve
from streams.producer.monitor import SenderMonitor, topic_ready
from streams.producer.playback import in_real_time, looped
from streams.producer.progress import Progress
from streams.producer.sampling import Production
from streams.producer.sender import Sender
from streams.producer.sources import Source, open_source
from streams.producer.urls import SourceError, has_password
from streams.runtime import logs
from streams.runtime.shutdown import stopped_by_signals
from streams.settings import Settings
from streams.video.decoding import Moment
from streams.video.encoder import Encoder

_NAME_LENGTH = 128
# After a stop signal: for the source to end, and for frames to be acknowledged.
_SOURCE_END_S, _FLUSH_S = 1.0, 3.0


class _Size(click.ParamType):
    name = "WxH"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Size:
        match = re.fullmatch(r"([1-9]\d{0,4})x([1-9]\d{0,4})", str(value))
        if not match:
            self.fail(f"expected a size such as 1280x720, got {value}", param, ctx)
        return int(match[1]), int(match[2])


@click.command()
@click.argument("source")
@click.option("-f", "--every", type=click.IntRange(1), help="Send every Nth frame.  [default: 30; a folder: 1]")
@click.option("-n", "--name", default="source", show_default=True, help="Name of the source, and key of its records.")
@click.option("-t", "--topic", default="SOURCE_FRAME", show_default=True, help="Topic to write to.")
@click.option("--max-size", type=_Size(), help="Scale larger pictures down into this size.")
@click.option("--quality", type=click.IntRange(1, 100), default=QUALITY, show_default=True, help="JPEG quality.")
@click.option("--stream", type=click.IntRange(0), help="Number of the video stream.  [default: the best]")
@click.option("--realtime", is_flag=True, help="Play a file at its own speed.")
@click.option("--loop", is_flag=True, help="Play a file again and again; with --realtime it counts as live.")
@click.option(
    "--lead",
    type=click.IntRange(0),
    help=f"Frames of a file ahead of the slowest stage; 0 is no limit.  [default: {LEAD}; "
    f"embedded broker: {LEAD_EMBEDDED}]",
)
@click.option("--metrics-port", type=click.IntRange(1, 65535), help="Answer Prometheus on this port of 127.0.0.1.")
def produce(
    source: str,
    every: int | None,
    name: str,
    topic: str,
    max_size: Size | None,
    quality: int,
    stream: int | None,
    realtime: bool,
    loop: bool,
    lead: int | None,
    metrics_port: int | None,
) -> None:
    """Send the frames of SOURCE to the bus.

    SOURCE is a video file, a folder of pictures, rtsp://, rtmp:// or http(s):// (MJPEG or HLS), WEBCAM[:N], or
    env:NAME, a variable that holds one of these. A file ends when the broker has acknowledged its last frame; a
    camera is connected again whenever it is lost.
    """
    conf = settings.load()
    chain = checked(conf)
    _check(chain, name, topic)
    logs.set_up(conf)
    with Progress(name, conf.log == "json") as progress, stopped_by_signals() as stop:
        frames = open_source(source, progress.say, stream)
        if has_password(source):
            progress.say("SOURCE and its password stand in the process list; env:NAME keeps them out of it")
        live = frames.live or (realtime and loop)
        embedded = topic_ready(conf, chain, topic, stop.event, progress.say)
        sender = Sender(conf, topic, name, live, stop.event)
        max_lead = (LEAD_EMBEDDED if embedded else LEAD) if lead is None else lead
        production = Production(
            name,
            live,
            every or frames.every,
            Encoder(quality, max_size, conf.max_record_bytes, progress.say),
            sender,
            Backpressure(conf, chain, topic, name, max_lead, embedded, progress.say) if max_lead and not live else None,
            conf.max_record_bytes,
            stop.event,
            progress.say,
        )
        if metrics_port:
            serve(metrics_port, ProducerMetrics(production, frames))
        endless = frames.live or loop
        progress.begin(None if endless else _frames_to_send(frames, production.every), endless)
        outcome = _in_thread(lambda: production.run(_moments(frames, stop.event, realtime, loop)))
        _poll_until_done(outcome, production, SenderMonitor(conf.kafka_url, sender, progress), stop.event)
        code = _finish(outcome, production, conf, topic) or int(_is_incomplete(frames, production))
    _exit(128 + stop.number if stop.number and not endless else code, at_once=not outcome.done())


def _check(chain: Chain, name: str, topic: str) -> None:
    if not 0 < len(name) <= _NAME_LENGTH:
        raise SourceError(f"--name: expected 1 to {_NAME_LENGTH} characters, got {len(name)}")
    if has_password(name):
        raise SourceError("--name: expected a name, got an address with a password")
    if chain.redacted(topic):
        raise SourceError(f"--topic {topic}: expected a topic for raw pictures, got one that holds only redacted ones")


def _moments(source: Source, stop: Event, realtime: bool, loop: bool) -> Iterator[Moment]:
    if source.live:
        return source.moments(stop)
    moments = looped(source, stop) if loop else source.moments(stop)
    return in_real_time(moments, stop) if realtime else moments


def _in_thread(work: Callable[[], None]) -> Future[None]:
    """Run work that may hang in a camera's driver, in a daemon thread: the process's end does not wait for it."""
    outcome: Future[None] = Future()

    def body() -> None:
        try:
            work()
            outcome.set_result(None)
        except BaseException as error:
            outcome.set_exception(error)

    Thread(target=body, name="source", daemon=True).start()
    return outcome


def _poll_until_done(outcome: Future[None], production: Production, monitor: SenderMonitor, stop: Event) -> None:
    """Poll until the source has ended and every frame is acknowledged; for some seconds only after a stop signal."""
    stopped_at: float | None = None
    while not outcome.done() or production.sender.pending > 0:
        monitor.poll(production.skipped)
        if not stop.is_set():
            continue
        stopped_at = stopped_at or time.monotonic()
        limit_s = _FLUSH_S if production.sender.pending > 0 else _SOURCE_END_S
        if production.sender.refused or time.monotonic() - stopped_at > limit_s:
            break
    monitor.end()


def _finish(outcome: Future[None], production: Production, conf: Settings, topic: str) -> int:
    """Report what became of the frames; the exit code."""
    sender = production.sender
    if sender.refused:
        raise click.ClickException(f"{topic} at {conf.kafka_url} takes no records: {sender.refused.str()}")
    counts = {
        "skipped": production.skipped,
        "lost": sender.lost,
        "left out": production.left_out,
        "not acknowledged": sender.pending,
    }
    others = "".join(f", {count} {what}" for what, count in counts.items() if count > 0)
    production.say(f"{sender.acknowledged} frames on the bus{others}")
    if outcome.done():
        outcome.result()
    return 1 if sender.pending > 0 else 0


def _is_incomplete(source: Source, production: Production) -> bool:
    """Whether frames of a recorded source are missing."""
    return not source.live and bool(source.losses or production.left_out)


def _exit(code: int, at_once: bool) -> None:
    if at_once:  # a thread within a camera's driver would crash when the interpreter takes itself down
        sys.stderr.flush()
        os._exit(code)
    sys.exit(code)


def _frames_to_send(source: Source, every: int) -> int | None:
    return None if source.total is None else -(-source.total // every)
