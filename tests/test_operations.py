"""Alerts, the board and the page on operations speak of metrics that there are."""

from __future__ import annotations

import json
import re
from collections import Counter
from types import SimpleNamespace
from typing import Any, cast, get_args

import pytest
import yaml
from prometheus_client.core import Metric
from prometheus_client.registry import Collector

from streams.cameras.report import Report
from streams.notify.metrics import AlertMetrics
from streams.producer.metrics import ProducerMetrics
from streams.producer.sampling import Production
from streams.producer.sources import Source
from streams.runtime.lag import Lag, Liveness
from streams.runtime.metrics import registry
from streams.wire.cameras import CameraState, State
from streams.wire.counts import Window
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
        AlertMetrics(Counter(), {}),
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


BOARD = json.loads((PROJECT / "deploy" / "grafana.json").read_text())
PANELS = [panel for panel in BOARD["panels"] if panel["type"] != "row"]
WORDS: dict[tuple[str, str], tuple[str, ...]] = {
    ("imagebus_camera_state", "state"): get_args(State),
    ("imagebus_records_total", "outcome"): OUTCOMES,
    ("imagebus_unique_visitors", "window"): get_args(Window),
    ("imagebus_viewer_records_total", "kind"): ("good", "bad"),
}
# As in `imagebus_records_total{outcome="dead"}` and in the legend `{{stage}}`.
CHOSEN = re.compile(r"(imagebus_[a-z_]+)\{(\w+)=~?\"([^\"]+)\"\}")
TOLD = re.compile(r"\{\{(\w+)\}\}")


@pytest.mark.parametrize("panel", PANELS, ids=lambda panel: panel["title"])
def test_the_board_asks_for_metrics_and_labels_that_there_are(panel: dict[str, Any]) -> None:
    assert panel["targets"]
    assert panel["description"]
    for target in panel["targets"]:
        names = set(NAME.findall(target["expr"]))
        assert names or "process_" in target["expr"]
        assert {_family(name) for name in names} <= FAMILIES.keys()
        for name, label, values in CHOSEN.findall(target["expr"]):
            assert set(values.split("|")) <= set(WORDS[name, label])
        labels = {label for name in names for label in FAMILIES[_family(name)]._labelnames}
        assert set(TOLD.findall(target["legendFormat"])) <= labels | {"instance"}


def test_panels_of_the_board_lie_beside_one_another() -> None:
    taken: set[tuple[int, int]] = set()
    for place in (panel["gridPos"] for panel in BOARD["panels"]):
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert max(x for x, _ in cells) < 24
        assert not cells & taken
        taken |= cells
    assert len({panel["id"] for panel in BOARD["panels"]}) == len(BOARD["panels"])
