"""`imagebus check`: the page Check over a video file, without a broker."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from random import Random

import click
import cv2
from aiohttp import web
from tqdm import tqdm

from functions.core.errors import UsageError
from functions.core.frame import Frame
from streams import settings as config
from streams.chain.check import checked
from streams.chain.evidence import said
from streams.chain.function_options import registered
from streams.chain.redacted_words import VERSION
from streams.chain.types import Chain, StageConf, TopicConf
from streams.file_redaction.chain import FileChain, file_chain
from streams.file_redaction.recording import Recording, Stamped
from streams.video.pictures import is_picture
from streams.wire.records import Record, from_frame
from web.auth import credentials
from web.auth.guard import Guard
from web.auth.sessions import SessionFile, Sessions
from web.check.checks import Checks
from web.check.desk import Desk
from web.check.routes import CheckRoutes
from web.check.sampler import Planned
from web.counts.latest import LatestCounts
from web.live.cameras import Cameras
from web.live.client import Traffic
from web.live.newest import NewestFrames
from web.live.protocol import BrokerState
from web.viewer.pages import topic_infos
from web.viewer.site import Site

_REDACTED = "redacted"
_SOURCES = 128


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--frames", default=150, show_default=True, type=click.IntRange(1, 100_000), help="Drawn at random.")
@click.option("--port", default=5000, show_default=True, type=click.IntRange(1, 65535), help="Port to listen on.")
def check(file: Path, frames: int, port: int) -> None:
    """Mark in a browser who can be seen in a video, redacted as by the chain file, and say what that proves.

    Frames are drawn at random from all of the video, and some for doubt. It listens on loopback only.
    """
    if is_picture(file):
        raise UsageError(f"{file}: expected a video, got a picture")
    cv2.setNumThreads(1)
    settings = config.load()
    chain, functions = checked(settings), registered(settings)
    runs = file_chain(chain, functions, {})
    runs.prepare()
    threads = settings.threads or os.cpu_count() or 1
    with ThreadPoolExecutor(threads) as pool:
        recording = Recording(file, runs, pool, 2 * threads, partial(click.echo, err=True))
        own = Path(settings.data_dir) / "check"
        app = _app(file, runs, recording, frames, own)
        click.echo(f"imagebus check: http://127.0.0.1:{port}/check (results in {own}.checks); Ctrl-C ends it")
        try:
            web.run_app(app, host="127.0.0.1", port=port, print=lambda *_: None, access_log=None, shutdown_timeout=1)
        except OSError as error:
            raise UsageError(f"127.0.0.1:{port}: expected a free port, got: {error.strerror}; --port") from None


def _app(file: Path, runs: FileChain, recording: Recording, frames: int, own: Path) -> web.Application:
    name = runs.redactor.spec.name
    shown = Chain(
        stages={name: StageConf(function=name, input=file.name, output=_REDACTED)},
        topics={_REDACTED: TopicConf(redacted=True)},
    )
    newest, bus = NewestFrames(shown.topic_names, _SOURCES), BrokerState("")
    bus.become("ready")
    checks = Checks(own.with_name(f"{own.name}.checks"))
    # The same people as the last time: they are not to count twice.
    checks.begin_anew(file.stem)
    desk = Desk(newest, (file.name, _REDACTED), checks, partial(Planned, Random(), frames, recording.total))
    passwords = credentials.load()
    guard = Guard(passwords, Sessions(passwords, SessionFile(own.with_name(f"{own.name}.sessions"))))
    infos = topic_infos(shown, {name: runs.redactor.spec})
    site = Site(shown, infos, newest, Cameras(()), LatestCounts(), bus, guard, Traffic(), [CheckRoutes(desk, guard)])
    app = web.Application()
    site.add_to(app)

    async def fed(_: web.Application) -> AsyncIterator[None]:
        feeding = asyncio.create_task(_feed(recording, file.stem, newest, desk))
        yield
        await site.close()
        feeding.cancel()
        with suppress(asyncio.CancelledError):
            await feeding

    app.cleanup_ctx.append(fed)
    return app


async def _feed(recording: Recording, source: str, newest: NewestFrames, desk: Desk) -> None:
    """Put one frame after the other before whoever marks them, and wait while enough of them wait."""
    frames = recording.frames()
    with tqdm(total=recording.total, unit="frame", disable=None) as bar:
        while pair := await asyncio.to_thread(_next, frames):
            for topic, record in zip(desk.topics, pair, strict=True):
                newest.put(topic, record)
            bar.update()
            await desk.room(source)
    desk.end(source)


def _next(frames: Iterator[Stamped]) -> tuple[Record, Record] | None:
    """The next frame as records, raw and redacted; None at the end, and where the file cannot be read any further."""
    try:
        if (stamped := next(frames, None)) is None:
            return None
        return _record(stamped.frame.raw), _record(stamped.frame.shown)
    except UsageError as error:
        click.echo(error, err=True)
        return None


def _record(frame: Frame) -> Record:
    hops = [replace(hop, version=VERSION, options=said(hop.options)) for hop in frame.hops]
    return from_frame(replace(frame, hops=tuple(hops)))
