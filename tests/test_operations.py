"""Alerts and the page on operations speak of metrics that there are."""

from __future__ import annotations

import re
from collections import Counter
from types import SimpleNamespace
from typing import Any, cast

import pytest
import yaml
from prometheus_client.core import Metric
from prometheus_client.registry import Collector

from streams.cameras.report import Report
from streams.producer.metrics import ProducerMetrics
from streams.producer.sampling import Production
from streams.producer.sources import Source
from streams.runtime.lag import Lag, Liveness
from streams.runtime.metrics import registry
from streams.wire.cameras import CameraState
from streams.worker.metrics import OUTCOMES, Stages
from tests.processes import PROJECT
from web.camera.app import CameraMetrics
from web.camera.whip import Whip
from web.live.client import Traffic
from web.live.newest import NewestFrames
from web.live.protocol import BrokerState
from web.viewer.health import ViewerMetrics

NAME = re.compile(r"imagebus_[a-z_]+")
# What Prometheus makes of a histogram or a counter, and what it knows by itself.
SUFFIX = re.compile(r"_(bucket|sum|count|total|info)$")


class Anything:
    """Stands for what a collector counts: its numbers do not matter here, its names do."""

    def __getattr__(self, name: str) -> Any:
        return Counter() if name == "frames" else 0 if name != "sender" else self


def _families() -> dict[str, Metric]:
    anything = Anything()
    now = 1_700_000_000_000_000
    state = CameraState(
        source="door", run="0" * 12, topic="T", state="running", since=now, started_at=now, updated_at=now
    )
    newest, bus, lag = (
        NewestFrames(["TOPIC"], 128),
        BrokerState("nowhere"),
        cast(Lag, type("NoLag", (), {"by_topic": lambda self: {}})()),
    )
    collectors: list[Collector] = [
        Stages([]),
        ProducerMetrics(cast(Production, anything), cast(Source, anything), cast(Report, SimpleNamespace(state=state))),
        ViewerMetrics(newest, bus, Traffic(), lag, Liveness(1)),
        CameraMetrics(cast(Whip, anything)),
    ]
    return {family.name: family for collector in collectors for family in registry(collector).collect()}


FAMILIES = {name: family for name, family in _families().items() if name.startswith("imagebus_")}
ALERTS = yaml.safe_load((PROJECT / "deploy" / "alerts.yml").read_text())["groups"][0]["rules"]


def _family(name: str) -> str:
    return name if name in FAMILIES else SUFFIX.sub("", name)


def test_the_page_names_every_metric_and_no_other() -> None:
    table = re.findall(r"^\| `(imagebus_\w+)` \|", (PROJECT / "docs" / "operations.md").read_text(), re.M)
    assert {_family(name) for name in table} == {name for name in FAMILIES if "visitors" not in name}


@pytest.mark.parametrize("rule", ALERTS, ids=lambda rule: rule["alert"])
def test_an_alert_asks_for_metrics_and_labels_that_there_are(rule: dict[str, Any]) -> None:
    names = set(NAME.findall(rule["expr"])) - {"imagebus"}
    assert names or "up{" in rule["expr"]
    assert {_family(name) for name in names} <= FAMILIES.keys()
    for outcome in re.findall(r'imagebus_records_total{outcome="(\w+)"}', rule["expr"]):
        assert outcome in OUTCOMES
    assert rule["annotations"].keys() == {"summary", "do"}
    assert rule["labels"]["severity"] in ("warning", "critical")
