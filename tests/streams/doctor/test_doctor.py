"""`imagebus doctor` on hosts that are broken in one way each: the right finding, and what to do."""

from __future__ import annotations

import re
import shutil
import socket
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import NoReturn

import pytest
from click.testing import CliRunner
from confluent_kafka.admin import NewTopic  # type: ignore[attr-defined]

from streams import settings
from streams.chain import types as chains
from streams.doctor import bus as doctor_bus
from streams.doctor import clock as doctor_clock
from streams.doctor import host as doctor_host
from streams.doctor.command import doctor
from streams.kafka import topics
from streams.runtime import ports
from streams.settings import Settings
from tests.kafka_node import KafkaNode
from tests.processes import free_port
from tests.streams import frames
from tests.streams.chains import environment
from tests.streams.producing import producer

NOWHERE = "127.0.0.1:1"
MOTION = """
[stages.motion]
function = "detect_motion"
input = "SOURCE_FRAME"
output = "MOTION_FRAME"
"""


def said(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    url: str = NOWHERE,
    chain: str = MOTION,
    arguments: Sequence[str] = (),
    **more: object,
) -> str:
    """What the doctor says with these settings, and that it ends with 1 where it says so."""
    if url == NOWHERE:
        monkeypatch.setattr(doctor_bus, "_TIMEOUT_S", 0.1)
    for name, value in environment(url, tmp_path, chain, **more).items():
        monkeypatch.setenv(name, value)
    result = CliRunner().invoke(doctor, arguments)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.output
    assert result.exit_code == ("\nFAILURE" in f"\n{result.output}")
    return result.output


def finding(text: str, level: str, about: str, found: str, do: str) -> None:
    """That there is such a finding, with what to do below it."""
    shown = rf"^{level} +{about} +[^\n]*{re.escape(found)}[^\n]*\n +-> [^\n]*{re.escape(do)}"
    assert re.search(shown, text, re.M), f"Expected {level} {about}: {found} -> {do}, got\n{text}"


@pytest.fixture(autouse=True)
def free_ports(monkeypatch: pytest.MonkeyPatch) -> None:
    """The usual ones may be taken on this machine."""
    monkeypatch.setattr(doctor_host.ports, "__defaults__", ({"viewer": free_port()},))


def test_no_broker(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    text = said(monkeypatch, tmp_path)
    finding(text, "FAILURE", "broker", "nothing answers at 127.0.0.1:1", "docker compose up -d kafka")


def test_the_embedded_broker(embedded: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    text = said(monkeypatch, tmp_path, embedded)
    finding(text, "warning", "broker", "is the embedded one", "name a real Kafka in KAFKA_URL")


def test_a_chain_file_that_cannot_run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    text = said(monkeypatch, tmp_path, chain=MOTION.replace("detect_motion", "detect_potion"))
    finding(text, "FAILURE", "chain", "cannot run", "did you mean detect_motion?")


def test_a_setting_that_does_not_fit(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    text = said(monkeypatch, tmp_path, threads="many")
    finding(text, "FAILURE", "settings", "cannot be read", "IMAGEBUS_THREADS='many': Expected `int`")


def test_weights_that_are_missing_and_weights_that_are_others(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    chain = MOTION.replace("detect_motion", "detect_objects")
    text = said(monkeypatch, tmp_path, chain=chain, models=tmp_path / "models")
    finding(text, "FAILURE", "models", "stage motion, detect_objects", "imagebus models fetch yolox-nano")

    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "yolox_nano.onnx").write_bytes(b"half a download")
    text = said(monkeypatch, tmp_path, models=tmp_path / "models")
    finding(text, "FAILURE", "models", "yolox-nano: not the file expected", "imagebus models fetch yolox-nano")


@pytest.mark.parametrize(
    ("preferred", "taken", "of_people", "words"),
    [
        ("bf16", "bf16", "bf16", "run in bf16 on this processor\n"),
        ("bf16", "f32", "f32", "run in f32 on this processor: bf16, which its instructions offer, saves less than a"),
        ("bf16", "f32", "int8", "run in f32, that of detect_people in int8 on this processor: bf16, which its"),
        ("f32", "f32", "int8", "run in f32, that of detect_people in int8 on this processor\n"),
        ("f32", "f32", "f32", "run in f32 on this processor\n"),
    ],
)
def test_in_which_arithmetic_networks_run(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, preferred: str, taken: str, of_people: str, words: str
) -> None:
    monkeypatch.setattr(doctor_host, "preferred_precision", lambda device: preferred)
    monkeypatch.setattr(doctor_host, "quick_precision", lambda device, *more: of_people if more else taken)
    assert words in said(monkeypatch, tmp_path)


def test_a_host_without_openvino(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def missing(device: str) -> NoReturn:
        raise ModuleNotFoundError("No module named 'openvino'")

    monkeypatch.setattr(doctor_host, "preferred_precision", missing)
    monkeypatch.setattr("functions.detect_people.person_net", missing)
    text = said(monkeypatch, tmp_path, chain=MOTION.replace("detect_motion", "detect_people"))
    finding(text, "FAILURE", "models", "stage motion, detect_people", "No module named 'openvino'")
    finding(text, "FAILURE", "networks", "OpenVINO cannot be loaded", "install imagebus again")


def test_a_port_that_is_taken(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        monkeypatch.setattr(doctor_host.ports, "__defaults__", ({"viewer": port},))
        monkeypatch.setattr(ports, "_ASK_S", 0.2)  # it takes the call and never says a word
        text = said(monkeypatch, tmp_path)
        finding(text, "FAILURE", "ports", f"{port}, for the viewer, is taken by", "--port names another")
    assert re.search(rf"^ok +ports +{port}, for the viewer, is free$", said(monkeypatch, tmp_path), re.M)


@pytest.mark.parametrize(
    ("free_bytes", "level"),
    [
        (doctor_host.LEAST_BYTES - 1, "FAILURE"),
        (doctor_host.LEAST_BYTES, "warning"),
        (doctor_host.FEW_BYTES - 1, "warning"),
        (doctor_host.FEW_BYTES, "ok"),
    ],
)
def test_a_disk_that_is_nearly_full(
    free_bytes: int, level: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=free_bytes))
    text = said(monkeypatch, tmp_path)
    if level == "ok":
        assert re.search(r"^ok +disk +1,024 MiB free", text, re.M)
    else:
        finding(text, level, "disk", "MiB free under", "IMAGEBUS_DATA_DIR")


def test_a_camera_that_is_not_there_and_one_that_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    address = f"http://user:secret@127.0.0.1:{free_port()}/video"
    text = said(monkeypatch, tmp_path, arguments=["--camera", address])
    finding(text, "FAILURE", "camera", "Connection refused", "check its address")
    assert "secret" not in text

    folder = tmp_path / "pictures"
    folder.mkdir()
    (folder / "a.jpg").write_bytes(frames.frame().jpeg)
    text = said(monkeypatch, tmp_path, arguments=["--camera", str(folder)])
    assert re.search(r"^ok +camera +a picture came$", text, re.M)


def test_a_real_kafka_with_small_limits_and_topics_of_others(
    kafka_node: Callable[..., KafkaNode], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    url = kafka_node({"message.max.bytes": "1000000"}).url
    client = topics.admin(Settings(kafka_url=url))
    compacted = NewTopic("SOURCE_FRAME", 1, 1, config={"cleanup.policy": "compact"})
    for made in client.create_topics([compacted]).values():
        made.result()
    text = said(monkeypatch, tmp_path, url, replication=3)
    finding(text, "warning", "broker", "records of at most 1000000 bytes", "message.max.bytes=5242880")
    finding(text, "FAILURE", "broker", "expected 3 brokers", "IMAGEBUS_REPLICATION=1")
    finding(text, "warning", "topics", "not there yet: MOTION_FRAME, DEAD_MOTION", "imagebus topics")
    finding(text, "FAILURE", "topics", "SOURCE_FRAME: max.message.bytes is 1000000", "--entity-name SOURCE_FRAME")
    finding(text, "FAILURE", "topics", "cleanup.policy is compact: keeps the newest", "cleanup.policy=delete")
    finding(text, "FAILURE", "topics", "retention.ms is 604800000: pictures are kept longer", "retention.ms=600000")
    finding(text, "warning", "topics", "SOURCE_FRAME: 1 partitions where 16 are wanted", "--partitions 16")


def test_a_broker_that_sends_its_clients_where_nobody_is(
    kafka_node: Callable[..., KafkaNode], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    elsewhere = f"127.0.0.1:{free_port()}"
    url = kafka_node({"advertised.listeners": f"CLIENT://{elsewhere}"}).url
    text = said(monkeypatch, tmp_path, url)
    finding(text, "FAILURE", "broker", f"says that a broker is at {elsewhere}, which cannot", "advertised.listeners")
    (tmp_path / "a.jpg").write_bytes(frames.frame().jpeg)
    with producer(url, tmp_path) as process:
        process.wait_for_line(f"it says that it is at {elsewhere} .Connection refused.; set its advertised.listeners")


def test_a_real_kafka_as_imagebus_makes_it_has_nothing_to_mend(
    kafka_node: Callable[..., KafkaNode], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    url = kafka_node().url
    env = environment(url, tmp_path, MOTION)
    said_by = settings.load(env)
    chain = chains.load(env["IMAGEBUS_CHAIN"])
    names = (*chain.topic_names, "DEAD_MOTION")
    topics.make(topics.admin(said_by), [topics.plan(said_by, chain, name) for name in names])
    found = list(doctor_bus.bus(said_by, chain))
    assert {each.level for each in found} == {"ok"}, "\n".join(map(str, found))
    assert doctor_clock.TOPIC not in topics.admin(said_by).list_topics(timeout=10).topics

    real = time.time
    monkeypatch.setattr(doctor_clock.time, "time", lambda: real() + 5)
    (clock,) = (each for each in doctor_bus.bus(said_by, chain) if each.about == "clock")
    assert replace(clock, found="") == replace(clock, level="FAILURE", found="")
    assert re.match(r"this host is [45]\.\d s ahead of the broker", clock.found)
