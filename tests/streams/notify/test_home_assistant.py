"""What Home Assistant is told is of the keys, words and topics that its MQTT discovery knows, and of nobody else's."""

from __future__ import annotations

import json
import re
import time
from typing import Any

import pytest

from streams.cameras.states import Told
from streams.chain.outputs_section import MqttConf
from streams.notify.board import board_of
from streams.notify.numbers import InPicture, Numbers
from streams.wire.cameras import CameraState
from streams.wire.counts import Counted
from streams.wire.names import safe

# As https://www.home-assistant.io/integrations/mqtt/ and its pages on each component list them.
COMMON = {
    *("availability", "availability_mode", "availability_topic", "availability_template", "payload_available"),
    *("payload_not_available", "device", "origin", "enabled_by_default", "entity_category", "entity_picture", "icon"),
    *("json_attributes_topic", "json_attributes_template", "default_entity_id", "unique_id", "name", "qos", "encoding"),
    *("state_topic", "value_template", "device_class"),
}
KEYS = {
    "sensor": COMMON
    | {"expire_after", "force_update", "last_reset_value_template", "options", "suggested_display_precision"}
    | {"state_class", "unit_of_measurement"},
    "binary_sensor": COMMON | {"expire_after", "force_update", "off_delay", "payload_on", "payload_off"},
    "event": COMMON | {"event_types"},
}
NEEDED = {"sensor": {"state_topic"}, "binary_sensor": {"state_topic"}, "event": {"state_topic", "event_types"}}
CLASSES = {"sensor": {"enum"}, "binary_sensor": {"motion", "connectivity"}, "event": {"doorbell", "button", "motion"}}
STATE_CLASSES = {"measurement", "total", "total_increasing", "measurement_angle"}
DEVICE = {
    *("identifiers", "connections", "manufacturer", "model", "model_id", "name", "hw_version", "serial_number"),
    *("sw_version", "via_device", "suggested_area", "configuration_url"),
}
ORIGIN = {"name", "sw_version", "support_url"}
AVAILABILITY = {"topic", "payload_available", "payload_not_available", "value_template"}
# What Home Assistant takes for the topic of a configuration; of other topics it says nothing.
TOPIC = re.compile(r"homeassistant/(?P<component>\w+)/(?:[a-zA-Z0-9_-]+/)?[a-zA-Z0-9_-]+/config")

CONF = MqttConf(url="mqtt://broker")
DAY = 24 * 3600 * 1_000_000
NOW = time.time_ns() // 1000
SOURCES = ["yard", "Yard", "../..", "a/b", "#", "+", "{{ states }}", "ü" * 128]


def _state(source: str) -> Told:
    state = CameraState(
        source=source, run="0" * 12, topic="T", state="running", since=NOW, started_at=NOW, updated_at=NOW
    )
    return Told(state, time.monotonic(), is_new=True)


def _counted(source: str | None, starts_at: int) -> Counted:
    return Counted(
        window="day",
        starts_at=starts_at,
        ends_at=starts_at + DAY,
        source=source,
        visitors=3,
        unique=2,
        updated_at=starts_at,
        restarted_at=None,
    )


def _board(conf: MqttConf = CONF, starts_at: int = NOW - 1) -> dict[str, bytes]:
    numbers = Numbers(
        pictures={source: InPicture(2, time.monotonic()) for source in SOURCES},
        cameras={source: _state(source) for source in SOURCES},
        counts={source: _counted(source, starts_at) for source in (*SOURCES, None)},
    )
    return board_of(conf, numbers, counted=True, rules=("night", "a-b"))


BOARD = _board()
CONFIGS = {topic: json.loads(value) for topic, value in BOARD.items() if topic.startswith("homeassistant/")}


@pytest.mark.parametrize("topic", CONFIGS)
def test_a_configuration_is_of_what_home_assistant_knows(topic: str) -> None:
    match = TOPIC.fullmatch(topic)
    assert match
    component, config = match["component"], CONFIGS[topic]
    assert NEEDED[component] <= config.keys() <= KEYS[component]
    assert config.get("device_class") in {None, *CLASSES[component]}
    assert config.get("state_class") in {None, *STATE_CLASSES}
    assert config.get("entity_category") in {None, "config", "diagnostic"}
    assert {"identifiers", "name"} <= config["device"].keys() <= DEVICE
    assert {"name"} <= config["origin"].keys() <= ORIGIN
    assert all({"topic"} <= each.keys() <= AVAILABILITY for each in config.get("availability", []))
    assert config.get("availability_mode") in {None, "all", "any", "latest"}
    if config.get("device_class") == "enum":
        assert config["options"]
        assert not {"state_class", "unit_of_measurement"} & config.keys()
    if "last_reset_value_template" in config:
        assert config["state_class"] == "total"


def test_every_configuration_speaks_of_a_topic_that_is_told_or_of_alerts() -> None:
    topics = {config["state_topic"] for config in CONFIGS.values()}
    needed = {each["topic"] for config in CONFIGS.values() for each in config.get("availability", [])}
    alerts = {"imagebus/alerts/night", "imagebus/alerts/a-b"}
    assert topics | needed == {*BOARD.keys() - CONFIGS.keys(), *alerts, "imagebus/status"}


def test_no_two_entities_are_one_and_every_camera_is_a_device_under_its_own_name() -> None:
    assert len({config["unique_id"] for config in CONFIGS.values()}) == len(CONFIGS)
    named = {config["device"]["name"]: tuple(config["device"]["identifiers"]) for config in CONFIGS.values()}
    assert named.keys() == {*SOURCES, "imagebus"}
    assert len(set(named.values())) == len(named)
    hub = named["imagebus"][0]
    assert {config["device"].get("via_device") for config in CONFIGS.values()} == {None, hub}
    names = [(config["device"]["name"], config["name"]) for config in CONFIGS.values()]
    assert len(set(names)) == len(names)
    assert {name for device, name in names if device == "yard"} == {
        *("People", "Activity", "State", "Connection", "Visitors today", "Unique visitors today"),
    }


def test_names_of_sources_are_one_level_of_a_topic_each() -> None:
    levels = [topic.split("/") for topic in BOARD if topic.startswith("imagebus/cameras/")]
    assert {len(each) for each in levels} == {4}
    assert {each[2] for each in levels} == set(map(safe, SOURCES))
    assert not any(letter in topic for topic in BOARD for letter in "#+$")


def test_two_installations_with_prefixes_of_their_own_share_a_broker() -> None:
    other = _board(MqttConf(url="mqtt://broker", prefix="shop/north"))
    assert not BOARD.keys() & other.keys()
    ids = [json.loads(value)["unique_id"] for topic, value in other.items() if topic.startswith("homeassistant/")]
    assert not {config["unique_id"] for config in CONFIGS.values()} & set(ids)


def test_visitors_are_those_of_the_day_that_it_is() -> None:
    def told(starts_at: int) -> Any:
        return json.loads(_board(starts_at=starts_at)["imagebus/counts"])

    assert (told(NOW - 1)["visitors"], told(NOW - 1)["unique"]) == (3, 2)
    assert (told(NOW - DAY - 1)["visitors"], told(NOW - DAY - 1)["unique"]) == (0, 0)
    assert told(NOW - DAY - 1)["since"] > told(NOW - DAY - 2_000_000)["since"]
