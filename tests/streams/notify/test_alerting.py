"""How many messages of a rule are sent in an hour, what becomes of the rest, and that all of it is in rows."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from functions import Detection, Frame
from streams.chain.alerts_section import AlertConf, WhenConf
from streams.chain.outputs_section import MqttConf, OutputConf, WebhookConf
from streams.notify import outbox as outboxes
from streams.notify.alerting import Alerting, Rule
from streams.notify.outbox import Outbox
from streams.outputs.moment import moment as read_moment
from streams.wire.alerts import ALERTS, Alert, Summary, decode
from streams.zones.areas import Areas
from tests.streams.frames import frame

OPS = WebhookConf(url="http://ops", secret="env:SECRET", sources=["yard"])
BOTH: dict[str, OutputConf] = {"home": MqttConf(url="mqtt://home"), "ops": OPS}
NIGHT = AlertConf(when=WhenConf(label="person"), then=["mqtt", "webhook:ops", "clip"], per_hour=3)
START = 1_700_000_000_000_000
ALL = frozenset({0, 1})


class Table(dict[str, bytes]):
    """Rows by key, and the partition in which each was written."""

    partitions: dict[str, int]

    def __init__(self) -> None:
        self.partitions = {}

    def put(self, key: str, value: bytes, partition: int) -> None:
        self[key], self.partitions[key] = value, partition

    def forget(self, key: str, partition: int) -> None:
        del self[key]
        assert self.partitions.pop(key) == partition


class Host:
    """A process with these rows, at a time in seconds that is set."""

    def __init__(self, table: Table, conf: AlertConf = NIGHT, outputs: dict[str, OutputConf] = BOTH) -> None:
        self.now_s = 0.0
        self.boxes = {name: Outbox(name) for name in outputs}
        rule = Rule("night", conf, Areas({}, frozenset()), conf.when.source, outputs)
        self.counts = Counter[tuple[str, str]]()
        self.alerting = Alerting(table, [rule], self.boxes, 1000, self.counts, lambda: round(self.now_s * 1e6))
        for key, value in [*table.items()]:
            self.alerting.restore(key, value, ALL)

    def judge(self, frames: Iterable[Frame]) -> None:
        for each in frames:
            self.alerting.judge(each, {"yard": 0, "door": 1}[each.source])

    def sum_up(self, now_s: float) -> None:
        self.now_s = now_s
        self.alerting.sum_up()

    def waiting(self, output: str = "home") -> list[Any]:
        return [json.loads(each.body) for each in self.boxes[output]._waiting.values()]


def visits(number: int, source: str = "yard", first: int = 0) -> Iterator[Frame]:
    """Frames of somebody who comes and goes so often: one frame with a person, then three seconds without."""
    for seq in range(first * 4, (first + number) * 4):
        found = () if seq % 4 else (Detection("person", 0.9, (0, 0, 10, 10)),)
        yield replace(frame(seq, source), captured_at=START + seq * 1_000_000, detections=found)


def test_an_alert_says_what_was_seen_where_and_when_and_nothing_of_the_picture() -> None:
    host = Host(Table(), outputs=BOTH)
    host.judge(visits(1))
    (alert,) = host.waiting()
    assert len(alert.pop("id")) == 24
    assert alert == {
        "event_type": "alert",
        "rule": "night",
        "source": "yard",
        "label": "person",
        "count": 1,
        "since": "2023-11-14T22:13:20.000+00:00",
        "at": "2023-11-14T22:13:20.000+00:00",
        "clip": {
            "source": "yard",
            "from": "2023-11-14T22:13:15.000+00:00",
            "to": "2023-11-14T22:13:25.000+00:00",
        },
    }
    assert host.waiting("ops") == host.waiting("home")
    told = [read_moment(alert["clip"][end], datetime.now(UTC)) for end in ("from", "to")]
    assert told == [START / 1e6 - 5, START / 1e6 + 5], "as `imagebus export` reads them"


def test_an_output_is_told_of_the_sources_that_it_takes() -> None:
    host = Host(Table())
    host.judge(visits(1, "door"))
    assert [each["source"] for each in host.waiting("home")] == ["door"]
    assert host.waiting("ops") == []


def test_more_than_so_many_an_hour_are_held_back_and_summed_up_in_one() -> None:
    host = Host(Table())
    host.judge(visits(8, "yard"))
    host.judge(visits(4, "door"))
    assert host.counts == Counter({("night", "told"): 3, ("night", "held"): 9})
    host.sum_up(3599)
    assert [each["event_type"] for each in host.waiting()] == ["alert"] * 3
    host.sum_up(3601)
    *_, summary = host.waiting()
    assert (summary["event_type"], summary["alerts"], summary["sources"]) == ("summary", 9, {"yard": 5, "door": 4})
    assert (summary["since"], summary["at"]) == ("2023-11-14T22:13:20.000+00:00", "2023-11-14T22:13:48.000+00:00")
    assert [each["alerts"] for each in host.waiting("ops") if "alerts" in each] == [5], "of the sources that it takes"
    host.sum_up(3700)
    assert len(host.waiting()) == 4
    host.judge(visits(1, "yard", first=8))
    assert host.waiting()[-1]["event_type"] == "alert", "and then it goes on"


def test_an_output_that_takes_nothing_has_so_many_waiting_and_no_more(monkeypatch: Any) -> None:
    monkeypatch.setattr(outboxes, "MOST", 5)
    host = Host(Table(), replace_per_hour(1000))
    host.judge(visits(9))
    assert len(host.waiting()) == 5
    for key in [*host.boxes["home"]._waiting]:
        host.boxes["home"].delivered(key)
    for key in [*host.boxes["ops"]._waiting]:
        host.boxes["ops"].delivered(key)
    host.sum_up(1)
    assert [(each["event_type"], each["alerts"]) for each in host.waiting()] == [("summary", 4)]


def test_an_output_that_takes_nothing_keeps_no_other_from_being_told(monkeypatch: Any) -> None:
    monkeypatch.setattr(outboxes, "MOST", 5)
    host = Host(Table(), replace_per_hour(1000))
    for number in range(9):
        host.judge(visits(1, first=number))
        (key,) = host.boxes["home"]._waiting
        host.boxes["home"].delivered(key)
    assert len(host.waiting("ops")) == 5
    assert host.counts == Counter({("night", "told"): 9, ("night", "dropped"): 4})


def test_the_topic_is_told_of_all_sources_as_records_whoever_else_is_told() -> None:
    host = Host(Table(), outputs={ALERTS: OutputConf(), "ops": OPS})
    host.judge(visits(1, "door"))
    host.judge(visits(4, "yard"))
    records = [decode(each.body) for each in host.boxes[ALERTS]._waiting.values()]
    assert records[0] == Alert(
        id=records[0].id, rule="night", source="door", label="person", count=1, since=START, at=START, zone=None
    )
    assert [each.id for each in records[1:]] == [each["id"] for each in host.waiting("ops")]
    host.sum_up(3601)
    *_, summary = (decode(each.body) for each in host.boxes[ALERTS]._waiting.values())
    assert isinstance(summary, Summary)
    assert (summary.alerts, summary.sources, summary.others) == (2, {"yard": 2}, 0)
    assert (summary.since, summary.at) == (START + 8_000_000, START + 12_000_000)


def test_an_output_that_takes_nothing_misses_nothing_because_the_topic_takes_all(monkeypatch: Any) -> None:
    monkeypatch.setattr(outboxes, "MOST", 5)
    host = Host(Table(), replace_per_hour(1000), {ALERTS: OutputConf(), "home": BOTH["home"]})
    for number in range(9):
        host.judge(visits(1, first=number))
        for key in [*host.boxes[ALERTS]._waiting]:
            host.boxes[ALERTS].delivered(key)
    assert host.counts == Counter({("night", "told"): 5, ("night", "held"): 4, ("night", "dropped"): 0})
    for key in [*host.boxes["home"]._waiting]:
        host.boxes["home"].delivered(key)
    host.sum_up(1)
    assert [each["alerts"] for each in host.waiting("home")] == [4]


def replace_per_hour(per_hour: int) -> AlertConf:
    return AlertConf(when=NIGHT.when, then=NIGHT.then, per_hour=per_hour)


def test_whoever_takes_over_has_what_waits_knows_what_was_told_and_tells_it_by_the_same_ids() -> None:
    table = Table()
    first = Host(table)
    first.judge(visits(5))
    delivered = next(iter(first.boxes["home"]._waiting))
    first.boxes["home"].delivered(delivered)
    second = Host(table)
    assert second.waiting("home") == first.waiting("home")
    assert second.waiting("ops") == first.waiting("ops")
    assert (len(second.waiting("home")), len(second.waiting("ops"))) == (2, 3)
    second.judge(visits(5))  # not committed, so they come again
    assert second.waiting("home") == first.waiting("home")
    other = {key: value for key, value in table.items() if '"watch"' in key}
    table.update({key.replace("night", "gone"): value for key, value in other.items()})
    table.partitions.update({key.replace("night", "gone"): 0 for key in other})
    assert Host(table).waiting() == first.waiting()
    assert not any("gone" in key for key in table), "a rule that is not any more leaves no rows"
    second.sum_up(3601)
    assert second.waiting()[-1]["alerts"] == 2

    alone = Host(Table())
    alone.judge(visits(5))
    assert [each["id"] for each in alone.waiting("ops")] == [each["id"] for each in first.waiting("ops")]


def test_rows_go_once_they_say_nothing_any_more() -> None:
    table = Table()
    host = Host(table, replace_per_hour(1000))
    host.judge(visits(20))
    for box in host.boxes.values():
        for key in [*box._waiting]:
            box.delivered(key)
    assert len(table) == 1, "what was sent within the hour"
    host.sum_up(3601)
    assert table == {}
