"""Numbers on a real MQTT broker: what Home Assistant shows of each camera, and what stays after restarts."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from aiomqtt import MqttError
from msgspec.structs import replace

from functions.core.errors import UsageError
from streams.chain.outputs_section import MqttConf
from streams.notify.messages import moment
from streams.notify.mqtt import client_of
from streams.wire import counts
from streams.wire.counts import COUNTS, Counted
from streams.wire.names import safe
from tests.bus import produce_all
from tests.processes import IMAGEBUS, Process
from tests.streams.chains import STUB_CHAIN, environment
from tests.streams.frames import record
from tests.streams.notify.mosquitto import Listener, Mosquitto
from tests.streams.notify.notifying import REDACTED, chain, frames, mqtt, notify, tell_state
from tests.wait import wait_until
from web.auth.certificate import make as make_certificate

COUNTING = '[counts]\ninput = "IMAGEAI_FRAME"\n'
HOSTILE = "yard/#/+ ü"


def counted(source: str | None, visitors: int, unique: int, starts_at: int) -> tuple[bytes, bytes]:
    day = 24 * 3600 * 1_000_000
    record = Counted(
        window="day",
        starts_at=starts_at,
        ends_at=starts_at + day,
        source=source,
        visitors=visitors,
        unique=unique,
        updated_at=starts_at,
        restarted_at=None,
    )
    return (source or "").encode(), counts.encode(record)


def test_cameras_tell_people_activity_state_and_visitors_and_are_cleared_once_they_are_removed(
    embedded: str, tmp_path: Path
) -> None:
    with Mosquitto(tmp_path) as broker, Listener(broker.port) as home:
        env = environment(embedded, tmp_path, chain(mqtt(broker.port), COUNTING))
        today = time.time_ns() // 1000 - 3_600_000_000
        with notify(env) as process:
            produce_all(embedded, COUNTS, [counted("yard", 7, 5, today), counted(None, 9, 6, today)])
            tell_state(embedded, "yard", "running")
            tell_state(embedded, HOSTILE, "lost")
            produce_all(embedded, REDACTED, [("yard", record(0, "yard")), *frames([0, 1, 2])])
            home.wait("imagebus/status", "online")
            home.wait("imagebus/cameras/yard/people", "2")
            home.wait("imagebus/cameras/yard/activity", "ON")
            home.wait("imagebus/cameras/yard/state", "running")
            home.wait("imagebus/cameras/yard/availability", "online")
            home.wait(f"imagebus/cameras/{safe(HOSTILE)}/state", "lost")
            home.wait(f"imagebus/cameras/{safe(HOSTILE)}/availability", "offline")
            wait_until(lambda: home.at("imagebus/counts") and home.at("imagebus/cameras/yard/counts"), 40, "visitors")
            assert home.at("imagebus/counts") == [{"visitors": 9, "unique": 6, "since": moment(today)}]
            assert home.at("imagebus/cameras/yard/counts") == [{"visitors": 7, "unique": 5, "since": moment(today)}]
            assert process.text.count("expected a frame that a redactor has seen".capitalize()) == 1
            names = {json.loads(config)["device"]["name"] for config in home.retained("homeassistant/").values()}
            assert names == {"yard", HOSTILE, "imagebus"}

            process.kill()
            home.wait("imagebus/status", "offline")
        tell_state(embedded, HOSTILE, None)  # while nothing tells of it
        with notify(env) as again:
            home.wait("imagebus/status", "online")
            home.wait(f"imagebus/cameras/{safe(HOSTILE)}/state", "")
            tell_state(embedded, "yard", None)
            home.wait("imagebus/cameras/yard/people", "")
            home.wait("imagebus/cameras/yard/state", "")
            configs = home.retained("homeassistant/").values()
            assert {json.loads(config)["device"]["name"] for config in configs} == {"imagebus"}
            assert again.terminate() == 0
        home.wait("imagebus/status", "offline")


@pytest.fixture
def users(tmp_path: Path, program: Callable[[str, str], str]) -> Path:
    """A broker's file of one user."""
    file = tmp_path / "users"
    passwd = program("mosquitto_passwd", "apt-get install mosquitto")
    subprocess.run([passwd, "-b", "-c", file, "imagebus", "p@ss/word"], check=True)
    return file


async def test_a_broker_may_want_tls_and_a_password(tmp_path: Path, users: Path) -> None:
    cert, key = make_certificate(("localhost", "127.0.0.1"))
    for name, content in (("cert.pem", cert), ("key.pem", key)):
        (tmp_path / name).write_bytes(content)
    tls = [f"certfile {tmp_path}/cert.pem", f"keyfile {tmp_path}/key.pem"]
    with Mosquitto(tmp_path, *tls, "allow_anonymous false", f"password_file {users}") as broker:
        address = f"mqtts://imagebus:p%40ss%2Fword@localhost:{broker.port}"
        trusted = MqttConf(url=address, ca_file=f"{tmp_path}/cert.pem")
        async with client_of("home", trusted, "imagebus/status")() as client:
            await client.publish("imagebus/status", "online", qos=1)
        for conf in (replace(trusted, ca_file=""), replace(trusted, url=address.replace("word", "work"))):
            with pytest.raises(MqttError):
                await client_of("home", conf, "imagebus/status")().__aenter__()


@pytest.mark.parametrize("ca_file", ["/nowhere.pem", __file__])
def test_a_file_of_authorities_that_is_none_is_said_before_anything_starts(ca_file: str) -> None:
    with pytest.raises(UsageError, match="Output home: "):
        client_of("home", MqttConf(url="mqtts://broker", ca_file=ca_file), "status")


def test_an_address_may_stand_in_the_environment_and_is_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MQTT_URL", "amqp://imagebus:hunter2@broker")
    with pytest.raises(UsageError, match="Output home: url: expected an address as mqtt://HOST:PORT") as caught:
        client_of("home", MqttConf(url="env:MQTT_URL"), "status")
    assert "hunter2" not in str(caught.value)
    monkeypatch.delenv("MQTT_URL")
    with pytest.raises(UsageError, match="env:MQTT_URL: expected an address of an MQTT broker in the environment"):
        client_of("home", MqttConf(url="env:MQTT_URL"), "status")


def test_without_an_output_for_it_the_command_says_so(tmp_path: Path) -> None:
    with Process([*IMAGEBUS, "notify"], environment("127.0.0.1:1", tmp_path, STUB_CHAIN)) as process:
        assert process.wait() == 2
        assert "expected an [alerts.NAME], or an [outputs.NAME] of kind mqtt or webhook, in the chain" in process.text
