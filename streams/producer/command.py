"""`imagebus produce`: frames of a file, a camera or a folder of pictures, as records on the bus."""

from __future__ import annotations

import os
import sys

import click

from functions.core.frame import Size
from functions.core.jpeg import QUALITY
from streams import settings
from streams.chain.cameras_section import size_of
from streams.chain.check import checked
from streams.chain.types import Chain
from streams.producer.backpressure import LEAD, LEAD_EMBEDDED
from streams.producer.process import Job, Run
from streams.producer.progress import Progress
from streams.producer.sampling import Pace
from streams.producer.sources import TRANSPORTS
from streams.producer.urls import SourceError, has_password
from streams.runtime import logs
from streams.runtime.shutdown import stopped_by_signals
from streams.video.key_frames import MODES, Mode
from streams.wire.names import why_no_name


class _Size(click.ParamType):
    name = "WxH"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Size:
        try:
            return size_of(str(value))
        except ValueError as error:
            self.fail(str(error), param, ctx)


@click.command()
@click.argument("source")
@click.option("-f", "--every", type=click.IntRange(1), help="Send every Nth frame.  [default: 30; a folder: 1]")
@click.option("--fps", type=click.FloatRange(0, 1000, min_open=True), help="Send so many frames a second instead.")
@click.option(
    "--decode", type=click.Choice(MODES), default="auto", show_default=True, help="auto: key frames where --fps allows."
)
@click.option("-n", "--name", default="source", show_default=True, help="Name of the source, and key of its records.")
@click.option("-t", "--topic", default="SOURCE_FRAME", show_default=True, help="Topic to write to.")
@click.option("--max-size", type=_Size(), help="Scale larger pictures down into this size.")
@click.option("--quality", type=click.IntRange(1, 100), default=QUALITY, show_default=True, help="JPEG quality.")
@click.option("--stream", type=click.IntRange(0), help="Number of the video stream.  [default: the best]")
@click.option(
    "--rtsp-transport",
    type=click.Choice(TRANSPORTS),
    help="Transport of RTSP.  [default: tcp, udp where it is refused]",
)
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
    fps: float | None,
    decode: Mode,
    name: str,
    topic: str,
    max_size: Size | None,
    quality: int,
    stream: int | None,
    rtsp_transport: str | None,
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
    pace = _pace(every, fps, decode)
    job = Job(
        source,
        name,
        topic,
        pace,
        max_size,
        quality,
        realtime=realtime,
        loop=loop,
        lead=lead,
        metrics_port=metrics_port,
        stream=stream,
        transport=rtsp_transport,
        decode=decode,
    )
    with Progress(name, conf.log == "json") as progress, stopped_by_signals() as stop:
        run = Run(job, conf, chain, progress, stop.event)
        if has_password(source):
            progress.say("SOURCE and its password stand in the process list; env:NAME keeps them out of it")
        code = run.to_its_end()
    _exit(128 + stop.number if stop.number and not run.endless else code, at_once=not run.is_over)


def _pace(every: int | None, fps: float | None, decode: Mode) -> Pace:
    """Of key frames alone, all are sent unless a rate is asked for. Raises SourceError."""
    if every and (fps or decode == "keyframes"):
        raise SourceError("--every: expected --fps instead of it, or none, beside --fps or --decode keyframes")
    return Pace(1 if decode == "keyframes" else every or 0, fps)


def _check(chain: Chain, name: str, topic: str) -> None:
    if why := why_no_name(name):
        raise SourceError(f"--name: {why}")
    if has_password(name):
        raise SourceError("--name: expected a name, got an address with a password")
    if chain.redacted(topic):
        raise SourceError(f"--topic {topic}: expected a topic for raw pictures, got one that holds only redacted ones")


def _exit(code: int, at_once: bool) -> None:
    if at_once:  # a thread within a camera's driver would crash when the interpreter takes itself down
        sys.stderr.flush()
        os._exit(code)
    sys.exit(code)
