"""The chain as Faust apps: `faust -A streams worker` runs its stages side by side, and counting behind them.

A Faust app is one consumer group, so each stage is an app of its own, and the worker around them reads nothing itself.
"""

from __future__ import annotations

from typing import Any, cast

from faust.streams import Stream
from faust.types import StreamT

from streams import settings as config
from streams.chain import types as chains
from streams.chain.check import checked
from streams.chain.counts_section import NAME as COUNTING
from streams.chain.types import StageConf, dead_letters_of, group_of
from streams.runtime.expired_offsets import ExpiredOffsets
from streams.runtime.faust_app import bus_app
from streams.runtime.supervisor import ReadingApp, Refuse, until_stopped
from streams.settings import Settings
from streams.stage.delivery import Delivery
from streams.stage.handler import Stage
from streams.worker.process import Worker, worker_of


def chain_app() -> Worker:
    """What `faust -A streams` finds: the stages of the chain file that the settings name. Raises UsageError."""
    settings = config.load()
    chain = checked(settings)
    with chains.named(settings.chain):
        wanted = config.names(settings.stages)
        stages = chains.pick(chain, wanted)
        return worker_of(stages, stage_app, chain, settings, counts=not wanted or COUNTING in wanted)


def stage_app(stage: Stage, conf: StageConf, settings: Settings, refuse: Refuse) -> ReadingApp:
    """One stage: an agent that hands the records of its topics to a function, and delivers what comes of them."""
    stage.forget()  # an app that was refused left frames behind
    app = bus_app(group_of(conf.inputs, stage.name, conf.output), settings)
    frames = app.topic(*conf.inputs)  # records of streams/wire/records.py, which the stage decodes
    results = app.output(conf.output)
    dead_letters = app.output(dead_letters_of(stage.name))
    delivery = Delivery(stage, results, dead_letters, settings.window)
    expired = ExpiredOffsets(app, stage.name, f"Stage {stage.name}", stage.counts)

    @app.agent(frames, name=stage.name)
    async def run(records: StreamT[bytes]) -> None:
        # Without Faust's own acks: a record is acked when what came of it is on the bus.
        await until_stopped(delivery.run(expired.watched(cast(Stream[bytes], records).noack())), refuse)

    def revoked(*_: Any, **__: Any) -> None:
        stage.forget()  # other workers may have these sources meanwhile
        expired.forget()

    app.is_full = delivery.is_full  # backpressure, a partition at a time
    app.on_partitions_revoked.connect(revoked, weak=False)
    return ReadingApp(app, conf.inputs)
