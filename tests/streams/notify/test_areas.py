"""The areas that rules name: the file's, and drawn ones where the file has none of that name."""

from __future__ import annotations

from itertools import count
from pathlib import Path

from streams.chain.alerts_section import AreaConf
from streams.kafka.compacted import Keyed
from streams.wire import alerts, counts
from streams.wire.alerts import ALERTS, Alert
from streams.wire.cameras import DrawnZone, DrawnZones
from streams.zones.areas import Areas
from tests.bus import consume, length, produce, produce_all
from tests.streams.chains import environment
from tests.streams.notify.notifying import REDACTED, chain, frames, notify
from tests.wait import wait_until

LEFT = [(0.0, 0.0), (0.4, 0.0), (0.4, 1.0), (0.0, 1.0)]
RIGHT = [(0.6, 0.0), (1.0, 0.0), (1.0, 1.0), (0.6, 1.0)]


def drawn(source: str, *areas: DrawnZone) -> bytes:
    """What the page Zones writes."""
    return counts.encode(DrawnZones(source=source, cover=[], areas=[*areas], by="ana", at=1))


def keyed(source: str, value: bytes | None) -> Keyed:
    return Keyed(source.encode(), value, 0.0, True)


def test_an_area_is_that_of_the_file_and_else_what_was_drawn_at_each_camera() -> None:
    areas = Areas({"till": AreaConf(source="shop", polygon=LEFT)}, frozenset({"till", "gate"}))
    assert (areas.drawn, areas.are_known.is_set()) == ({"gate"}, False)
    areas.begin()
    areas.take(keyed("yard", drawn("yard", DrawnZone("gate", LEFT), DrawnZone("gate", RIGHT), DrawnZone("till", LEFT))))
    areas.take(keyed("door", drawn("door", DrawnZone("gate", RIGHT))))
    areas.take(keyed("shop", drawn("shop", DrawnZone("till", RIGHT))))
    assert areas.at("gate", "door") == [], "until all is read what was known holds"
    areas.at_end()
    assert [areas.at("gate", source) for source in ("yard", "door", "shop")] == [[LEFT, RIGHT], [RIGHT], []]
    assert [areas.at("till", source) for source in ("shop", "yard")] == [[LEFT], []], "the file's name wins"
    assert areas.missing == []
    for value in (None, b"junk", drawn("yard", DrawnZone("gate", LEFT))):
        areas.take(keyed("door", value))
        assert areas.at("gate", "door") == []
    areas.take(keyed("yard", drawn("yard")))
    assert areas.missing == ["gate"]
    assert Areas({}, frozenset()).are_known.is_set()


def test_a_rule_counts_who_stands_in_an_area_that_is_drawn_while_it_runs(embedded: str, tmp_path: Path) -> None:
    alone = '[alerts.seen]\nwhen = { label = "person", zone = "gate" }\n'
    with notify(environment(embedded, tmp_path, chain(alone))) as process:
        process.wait_for_line("Rules name areas that nobody has drawn yet, so nobody stands in them: gate")
        produce(embedded, "ZONES", "yard", drawn("yard", DrawnZone("gate", LEFT)))  # where they stand
        produce(embedded, "ZONES", "door", drawn("door", DrawnZone("gate", RIGHT)))
        visits = count(step=3)

        def told() -> int:
            first = next(visits)
            for source in ("door", "yard"):
                produce_all(embedded, REDACTED, frames([1, 0, 0], source, first, every_s=1.2))
            return length(embedded, ALERTS)

        wait_until(told, 60, "an alert")
        alert, *_ = (alerts.decode(each.value()) for each in consume(embedded, ALERTS, 1))
        assert process.terminate() == 0
    assert isinstance(alert, Alert)
    assert (alert.source, alert.zone, alert.count) == ("yard", "gate", 1)
