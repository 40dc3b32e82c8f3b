"""A real MQTT broker for tests, and a client of it that keeps what it hears."""

from __future__ import annotations

import getpass
import json
import os
import shutil
import threading
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from tests.missing import missing
from tests.processes import Process, free_port
from tests.wait import wait_until

# Debian puts it where only root looks.
_PATH = os.pathsep.join((os.environ.get("PATH", os.defpath), "/usr/sbin", "/usr/local/sbin"))


class Mosquitto:
    """The broker, which may be killed and started again on its port; it keeps nothing on disk."""

    def __init__(self, folder: Path, *settings: str) -> None:
        self.port = free_port()
        self._program = shutil.which("mosquitto", path=_PATH) or missing("Mosquitto", "apt-get install mosquitto")
        self._file = folder / "mosquitto.conf"
        # Started by root it would become a user of its own, who may not read a test's files.
        own = [f"listener {self.port} 127.0.0.1", f"user {getpass.getuser()}"]
        self._file.write_text("\n".join([*own, *(settings or ["allow_anonymous true"])]))
        self._process: Process | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.kill()

    def start(self) -> None:
        self._process = Process([self._program, "-c", self._file])
        self._process.wait_for_line("running")

    def kill(self) -> None:
        if self._process:
            self._process.close()
            self._process = None


class Heard(NamedTuple):
    topic: str
    payload: bytes
    retained: bool


class Listener:
    """A client that subscribes to everything; it connects again where the broker was away."""

    def __init__(self, port: int) -> None:
        self.heard: list[Heard] = []
        self._ready = threading.Event()
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2, clean_session=True)
        self._client.on_connect = lambda *_: self._client.subscribe("#", qos=1)
        self._client.on_subscribe = lambda *_: self._ready.set()
        self._client.on_disconnect = lambda *_: self._ready.clear()
        self._client.on_message = lambda _, __, m: self.heard.append(Heard(m.topic, m.payload, m.retain))
        self._client.reconnect_delay_set(1, 1)
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()
        self.wait_ready()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.loop_stop()
        self._client.disconnect()

    def wait_ready(self) -> None:
        """Back when it hears everything, also from a broker that was started again."""
        assert self._ready.wait(20)

    def retained(self, below: str) -> dict[str, str]:
        """What stands on the broker below a level, as far as it was heard."""
        newest = {topic: payload.decode() for topic, payload, _ in [*self.heard] if topic.startswith(below)}
        return {topic: payload for topic, payload in newest.items() if payload}

    def at(self, topic: str) -> list[Any]:
        """All that was heard on a topic, as JSON."""
        return [json.loads(payload) for name, payload, _ in [*self.heard] if name == topic]

    def wait(self, topic: str, payload: str, timeout_s: float = 40) -> None:
        """Back when that is what was last heard on a topic."""
        wait_until(
            lambda: self.value(topic) == payload, timeout_s, f"{payload!r} on {topic}, heard {self.value(topic)!r}"
        )

    def value(self, topic: str) -> str | None:
        """What was last heard on a topic, "" where it was cleared."""
        payloads = [payload for name, payload, _ in [*self.heard] if name == topic]
        return payloads[-1].decode() if payloads else None
