"""The cameras of the chain file, each in a process of its own: what one of them does harms no other."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from secrets import token_hex
from threading import Event, Thread

import click
from confluent_kafka import KafkaError, KafkaException, Message, Producer

from functions.core.errors import UsageError
from streams.cameras.report import scrubbed
from streams.cameras.states import NAME_IN_USE, CameraStates
from streams.chain.cameras_section import CameraConf
from streams.chain.check import checked
from streams.chain.types import Chain
from streams.chain.watching import FollowedFile, content_of, path_of
from streams.fleet.camera_process import CameraProcess
from streams.fleet.child import Assignment
from streams.fleet.names import ToldNames
from streams.kafka.compacted import NoTopic
from streams.kafka.partitioner import PARTITIONER
from streams.kafka.security import for_librdkafka
from streams.runtime.forkserver import forkserver
from streams.settings import Settings
from streams.wire import counts
from streams.wire.cameras import CAMERAS, CameraState, State

_TICK_S = 0.1
_FLUSH_S = 2.0
_LISTEN_S = 1.0
_CHILD = "streams.fleet.child"
Delivered = Callable[[KafkaError | None, Message], None]
# Read when a process begins. A decoder's threads give back each other's frames: with an arena each, and frames in them
# instead of in mappings of their own, a camera grew to hundreds of megabytes.
_CHILD_ENV = {"MALLOC_ARENA_MAX": "2", "MALLOC_MMAP_THRESHOLD_": str(256 * 1024)}


def say(name: str, text: str) -> None:
    """One line on the log."""
    click.echo(f"{name}: {text}", err=True)


class Fleet:
    """Runs the cameras of the chain file, and follows it as it changes. Raises UsageError."""

    def __init__(self, settings: Settings) -> None:
        self._settings, self._path = settings, path_of(settings.chain)
        self._content = content_of(self._path)
        self._chain = checked(settings)
        self._context = forkserver(_CHILD, _CHILD_ENV)
        self._cameras: dict[str, CameraProcess] = {}
        self._leaving: list[tuple[str, CameraProcess, bool]] = []
        self._told = ToldNames(settings, self._path)
        self.states: dict[str, CameraState] = {}
        self._bus = Producer({**for_librdkafka(settings), "partitioner": PARTITIONER, "log_level": 0})

    def run(self, stop: Event) -> None:
        """Run them until stopped."""
        file = FollowedFile(self._path, self._content, stop)
        Thread(target=self._listen, args=(stop,), name="states", daemon=True).start()
        for name in self._told.names - self._chain.cameras.keys():
            self._take_back(name)
        self._follow(self._chain)
        if not self._cameras:
            say("cameras", f"{self._path} has no [cameras.NAME]: waiting for one")
        while not stop.is_set():
            if file.has_changed():
                self._reload()
            self._tick()
            stop.wait(_TICK_S)
        self._end()

    def _listen(self, stop: Event) -> None:
        """Read the states of all cameras, for the metrics; a broker that is away is waited for."""
        while not stop.is_set():
            try:
                with CameraStates(self._settings) as states:
                    while not stop.is_set():
                        states.poll(_LISTEN_S)
                        self.states.clear()
                        self.states.update(states.newest)
            except (KafkaException, NoTopic):
                stop.wait(_LISTEN_S)

    def _reload(self) -> None:
        try:
            chain = checked(self._settings)
        except UsageError as error:
            say("cameras", f"nothing is changed, since the chain file does not check: {error}")
            return
        self._follow(chain)
        self._chain = chain

    def _follow(self, chain: Chain) -> None:
        self._told.add(chain.cameras)
        wanted = {name: camera for name, camera in chain.cameras.items() if camera.enabled}
        for name, process in [*self._cameras.items()]:
            if wanted.get(name) != process.camera:
                say(name, "is changed" if name in wanted else "is disabled" if name in chain.cameras else "is removed")
                self._let_go(name, removed=name not in chain.cameras)
        for name in wanted.keys() - self._cameras.keys():
            self._cameras[name] = self._new(name, wanted[name], chain)

    def _let_go(self, name: str, removed: bool) -> None:
        process = self._cameras.pop(name)
        process.stop()
        self._leaving.append((name, process, removed))

    def _new(self, name: str, camera: CameraConf, chain: Chain) -> CameraProcess:
        earlier = frozenset(run for old, process, _ in self._leaving if old == name for run in process.runs)

        def assign(own_runs: frozenset[str]) -> Assignment:
            return Assignment(name, camera, chain, self._settings, own_runs | earlier)

        return CameraProcess(self._context, assign, camera, partial(self._tell, name, camera), partial(say, name))

    def _tick(self) -> None:
        self._bus.poll(0)
        for name, process in self._cameras.items():
            # A camera that is changed begins when the process that it was has ended: two would share its name.
            if not any(old == name for old, _, _ in self._leaving):
                process.tick()
        for entry in [*self._leaving]:
            name, process, removed = entry
            process.tick()
            if process.is_over:
                self._leaving.remove(entry)
                if removed:
                    self._take_back(name)

    def _end(self) -> None:
        for name in [*self._cameras]:
            self._let_go(name, removed=False)
        while self._leaving:
            self._tick()
            time.sleep(_TICK_S)
        self._bus.flush(_FLUSH_S)

    def _tell(self, name: str, camera: CameraConf, state: State, why: str) -> None:
        """Tell what became of a camera whose process cannot."""
        if NAME_IN_USE in why:
            return  # whose name it is tells of it
        now = time.time_ns() // 1000
        told = CameraState(
            source=name,
            run=token_hex(6),
            topic=camera.topic,
            state=state,
            since=now,
            started_at=now,
            updated_at=now,
            last_error=scrubbed(why),
        )
        self._produce(name, counts.encode(told))

    def _take_back(self, name: str) -> None:
        """Have no state of a camera that was removed."""

        def delivered(error: KafkaError | None, _: Message) -> None:
            if error is None and name not in self._chain.cameras:
                self._told.remove(name)

        self._produce(name, None, delivered)

    def _produce(self, name: str, value: bytes | None, delivered: Delivered | None = None) -> None:
        try:
            self._bus.produce(CAMERAS, value, name.encode(), on_delivery=delivered)
        except (BufferError, KafkaException) as error:
            say(name, f"its state is not told: {error}")
