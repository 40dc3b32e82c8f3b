"""Alerts in a chain file: what they may ask for, and that each can be told to somebody."""

from __future__ import annotations

import re
from datetime import time
from pathlib import Path

import pytest

from streams.chain.alerts_check import check_alerts, topics_of, undrawn
from streams.chain.outputs_section import MqttConf, WebhookConf
from streams.chain.types import ChainError, load
from tests.processes import PROJECT
from tests.streams.chain.shipped import checked

OUTPUTS = """
[outputs.home]
kind = "mqtt"
url = "mqtt://10.0.0.9"

[outputs.ops]
kind = "webhook"
url = "https://ops.example/imagebus"
secret = "env:OPS_SECRET"
sources = ["yard"]

[outputs.disk]
kind = "recording"
dir = "/var/lib/recordings"

[areas.gate]
source = "yard"
polygon = [[0.1, 0.5], [0.4, 0.5], [0.4, 1.0]]
"""
ALERT = """
[alerts.night]
when = { label = "person", source = "yard", at_least = 2, for_s = 5, between = "22:00-06:00", zone = "gate" }
then = ["mqtt", "webhook:ops", "clip"]
"""


def test_an_alert_says_what_is_seen_where_and_when_and_who_is_told(tmp_path: Path) -> None:
    chain = checked(tmp_path, OUTPUTS + ALERT + 'time_zone = "Europe/Berlin"\n')
    night = chain.alerts["night"]
    assert (night.when.hours, str(night.zone), night.per_hour) == ((time(22), time(6)), "Europe/Berlin", 20)
    assert night.wants_clip
    assert chain.areas["gate"].polygon[0] == (0.1, 0.5)
    assert chain.outputs["home"] == MqttConf(url="mqtt://10.0.0.9", prefix="imagebus", discovery="homeassistant")
    assert chain.outputs["ops"] == WebhookConf(
        url="https://ops.example/imagebus", secret="env:OPS_SECRET", sources=["yard"]
    )
    assert chain.zones == {}, "an area covers and uncovers nothing"


def test_the_page_on_alerts_shows_a_chain_file_that_checks(tmp_path: Path) -> None:
    (block,) = re.findall(r"```toml\n(.*?)```", (PROJECT / "docs" / "notify.md").read_text(), re.S)
    assert checked(tmp_path, block).alerts.keys() == {"night"}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("at_least = 2", "at_least = 0"), "Alert night, when.at_least: expected `int` >= 1"),
        (("for_s = 5", "for_s = -1"), "Alert night, when.for_s: expected `float` >= 0.0"),
        (("22:00-06:00", "22-6"), "Alert night, when: between: expected hours as 22:00-06:00, got '22-6'"),
        (('zone = "gate"', 'zone = ""'), "Alert night, when.zone: expected `str` of length >= 1"),
        (
            ('"yard", at', '"door", at'),
            "Alert night, source: expected yard, in whose picture the area gate is, got door",
        ),
        (("webhook:ops", "webhook:op"), "Alert night, then: expected one of mqtt, webhook:ops, clip; did you mean"),
        (('"mqtt", "webhook:ops", "clip"', '"clip"'), "Alert night, then: expected an output that is told.*, got none"),
        (("[alerts.night]", '[alerts."a b"]'), "Alert 'a b': expected a name of a-z"),
        (("then =", 'time_zone = "Mars"\nthen ='), "Alert night, time_zone: expected a time zone of this host"),
        (("label =", "labels ="), "Alert night, when: "),
        (('sources = ["yard"]', 'sources = ["door"]'), ""),
        (('kind = "recording"', 'kind = "stream"'), "Output disk"),
        (("[0.1, 0.5]", "[128, 0.5]"), "Area gate.*: expected shares of the upright picture"),
        (("env:OPS_SECRET", "hunter2"), "Output ops, secret: expected `str` matching"),
        (("https://ops", "ftp://ops"), "Output ops.*url: expected an address as http://HOST:PORT or https"),
        (("mqtt://10.0.0.9", "10.0.0.9"), "Output home.*url: expected an address as mqtt://HOST:PORT or mqtts"),
        (('"mqtt://10.0.0.9"', '"mqtt://10.0.0.9"\nprefix = "a/#"'), "Output home, prefix: expected `str` matching"),
    ],
    ids=lambda value: value[1] if isinstance(value, tuple) else "",
)
def test_an_alert_that_could_not_be_told_is_refused(change: tuple[str, str], message: str, tmp_path: Path) -> None:
    text = (OUTPUTS + ALERT).replace(*change)
    if not message:  # one of two outputs still takes the source
        checked(tmp_path, text)
        return
    with pytest.raises(ChainError, match=message):
        checked(tmp_path, text)


def test_an_area_that_the_file_lacks_is_to_be_drawn_and_the_check_says_so(tmp_path: Path) -> None:
    chain = checked(tmp_path, OUTPUTS + ALERT.replace('zone = "gate"', 'zone = "gat"'))
    (said,) = undrawn(chain)
    assert said.startswith("Alert night names no area of the file: it counts who stands in gat once an operator has dr")
    assert said.endswith("did you mean gate?")
    assert undrawn(checked(tmp_path, OUTPUTS + ALERT)) == []


def test_an_alert_need_not_tell_anybody_and_is_then_judged_by_the_first_redacted_topic(tmp_path: Path) -> None:
    alone = ALERT[: ALERT.index("then")]
    chain = checked(tmp_path, OUTPUTS + alone)
    assert topics_of(chain, chain.alerts["night"]) == ["REDACTION_FRAME"]
    raw = OUTPUTS.replace('kind = "mqtt"', 'kind = "mqtt"\ntopic = "IMAGEAI_FRAME"\nraw = true')
    chain = checked(tmp_path, raw + ALERT)
    assert topics_of(chain, chain.alerts["night"]) == ["IMAGEAI_FRAME", "REDACTION_FRAME"]
    detects = '[stages.detect]\nfunction = "detect_people"\ninput = "SOURCE_FRAME"\noutput = "B"\n'
    (tmp_path / "raw.toml").write_text(detects + '[alerts.night]\nwhen = { label = "person" }\n')
    with pytest.raises(ChainError, match="Alert night, then: expected an output that is told, since no topic is red"):
        check_alerts(load(tmp_path / "raw.toml"))


def test_an_alert_whose_outputs_take_another_source_is_refused(tmp_path: Path) -> None:
    text = OUTPUTS.replace('sources = ["yard"]', 'sources = ["door"]') + ALERT.replace('"mqtt", ', "")
    with pytest.raises(ChainError, match="Alert night, then: expected an output that takes yard, got ops"):
        checked(tmp_path, text)


@pytest.mark.parametrize("kind", ["mqtt", "webhook"])
def test_numbers_of_a_raw_topic_leave_the_bus_only_where_the_file_says_raw(kind: str, tmp_path: Path) -> None:
    text = OUTPUTS.replace(f'kind = "{kind}"', f'kind = "{kind}"\ntopic = "IMAGEAI_FRAME"')
    with pytest.raises(ChainError, match=r"topic: expected a redacted topic, or raw = true.* got IMAGEAI_FRAME"):
        checked(tmp_path, text)
    checked(tmp_path, text.replace('"IMAGEAI_FRAME"', '"IMAGEAI_FRAME"\nraw = true'))


def test_two_outputs_below_one_prefix_of_one_broker_are_refused(tmp_path: Path) -> None:
    other = '[outputs.shop]\nkind = "mqtt"\nurl = "mqtt://10.0.0.9"\nsources = ["door"]\n'
    with pytest.raises(ChainError, match="Output shop, prefix: expected another than that of home, got imagebus"):
        checked(tmp_path, OUTPUTS + other)
    checked(tmp_path, OUTPUTS + other + 'prefix = "shop"\n')
