"""Runs one stage: its pool of threads, its topics, its Faust app."""

from __future__ import annotations

import ctypes
import logging
import os
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from threading import Lock

import cv2
import msgspec
from confluent_kafka.admin import AdminClient

from functions.core import registry
from functions.core.errors import UsageError
from functions.core.jpeg import Decode
from functions.core.registry import FunctionSpec
from streams.chain import evidence
from streams.chain.redacted_words import words_of
from streams.chain.types import Chain, StageConf, dead_letters_of, group_of
from streams.kafka import topics
from streams.runtime.errors import Failed, Stopped
from streams.runtime.faust_app import folder
from streams.runtime.poison_records import InFlightFile, leave_nothing
from streams.runtime.supervisor import EXIT_USAGE, AppWorker, ReadingApp, Refuse, leave
from streams.settings import Settings
from streams.stage.handler import Stage
from streams.stage.invocation import Invocation
from streams.stage.thread_pool import ThreadPool
from streams.zones.reader import ZonesReader

log = logging.getLogger(__name__)

# Makes the Faust app of a stage.
NewApp = Callable[[Stage, StageConf, Settings, Refuse], ReadingApp]


class StageWorker(AppWorker):
    """One stage under way; a redactor that knows zones covers those of `zones`, too, and does not begin before them."""

    def __init__(
        self,
        name: str,
        conf: StageConf,
        spec: FunctionSpec,
        chain: Chain,
        settings: Settings,
        stage_app: NewApp,
        zones: ZonesReader,
        decode: Decode | None,
    ) -> None:
        super().__init__(name, settings)
        self._stage_app = stage_app
        self.conf, self.spec, self._chain = conf, spec, chain
        self._changing = Lock()
        self._drawn: tuple[str, ...] = ()
        self.options = spec.validate(chain.options(conf, spec))
        self._zones = zones if spec.redacts and "zones" in spec.options else None
        if self._zones:
            self._zones.join(lambda drawn: self.take_zones(drawn=drawn), lambda why: self.refuse(Stopped(why)))
        work = Invocation(
            name,
            spec,
            self.options,
            redacted_output=chain.redacted(conf.output),
            max_record_bytes=settings.max_record_bytes,
            max_age_s=settings.max_age_s,
            decode=decode,
        )
        self._pool = ThreadPool(settings.threads or os.cpu_count() or 1, settings.time_limit_s)
        self.stage = Stage(work, self._pool, settings.sources)

    @property
    def counts(self) -> Counter[str]:
        return self.stage.counts

    async def on_stop(self) -> None:
        await super().on_stop()
        self._pool.stop()
        leave_nothing()

    def warm_up(self) -> None:
        """Load what the function needs before it gets a record; a process that lacks it ends."""
        _keep_memory()
        cv2.setNumThreads(1)  # the pool works on several frames at once: threads within one would get in its way
        try:
            self._read_chain()
            self._pool.start(partial(self.spec.prepare, self.options))
        except (UsageError, Failed) as error:
            leave(EXIT_USAGE, f"Stage {self.name}: {error}")
        group = group_of(self.conf.inputs, self.name, self.conf.output)
        try:
            self.stage.suspects.share(InFlightFile(folder(self._settings, group)))
        except OSError as error:
            log.warning("Stage %s: what kills its process will not be known: %s", self.name, error)

    def _read_chain(self) -> None:
        """Learn from the chain file what detectors find and which words may be said: no record is asked for it."""
        work = self.stage.work
        if work.redacted_output or work.spec.redacts:
            stages = self._chain.stages | {self.name: self.conf}  # this one may run beside the chain
            chain, functions = msgspec.structs.replace(self._chain, stages=stages), registry.load()
            known = evidence.of_chain(chain, functions)
            words = words_of(chain, functions, known)
            with self._changing:
                self.stage.work = replace(self.stage.work, evidence=known, words=words)

    def take_zones(self, chain: Chain | None = None, drawn: tuple[str, ...] | None = None) -> None:
        """From the next record on, use the zones of this chain, the stage's own but for them, or those people drew."""
        if "zones" not in self.spec.options:
            return
        with self._changing:
            self._chain, self._drawn = chain or self._chain, self._drawn if drawn is None else drawn
            options = self._chain.options(self.conf, self.spec)
            self.options = self.spec.validate(options | {"zones": (*options.get("zones", ()), *self._drawn)})
            self.stage.work = replace(self.stage.work, options=self.options)

    def make_topics(self, client: AdminClient) -> None:
        if self._zones:
            self._zones.require()
        names = (*self.conf.inputs, self.conf.output, dead_letters_of(self.name))
        topics.make(client, [topics.plan(self._settings, self._chain, name) for name in names])

    def new_app(self) -> ReadingApp:
        return self._stage_app(self.stage, self.conf, self._settings, self.refuse)


# mallopt(3) of glibc.
_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
_KEPT, _LARGEST = 64 * 1024 * 1024, 32 * 1024 * 1024


def _keep_memory() -> None:
    """Have malloc keep freed memory for the next frame: the kernel clears it anew, a tenth of a redactor's time."""
    libc = ctypes.CDLL(None)
    if hasattr(libc, "mallopt"):  # musl and macOS have none
        libc.mallopt(_TRIM_THRESHOLD, _KEPT)
        libc.mallopt(_MMAP_THRESHOLD, _LARGEST)
