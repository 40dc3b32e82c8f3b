"""What the viewer knows of drawn zones: as redactors do, a record can only hide more, and what is not known is said."""

from __future__ import annotations

import tomllib
from pathlib import Path

import msgspec
import pytest

from functions.redaction.zones import check_zones
from streams.chain.types import ZoneConf
from streams.kafka.compacted import Keyed
from streams.wire.cameras import DrawnZone
from streams.zones.known import KnownZones
from tests.streams.zones.test_known import LEFT, Written, drawn, with_areas
from web.zones import board as boards
from web.zones.board import ZonesBoard, as_toml


def on_topic(*records: Written) -> list[Keyed]:
    """Records as they are read."""
    return [Keyed(record.key, record.value, 0.0, True) for record in records]


def board(file: Path, *records: Written) -> ZonesBoard:
    """What is known once these are all that the topic holds."""
    zones = ZonesBoard(file)
    zones.begin()
    zones.take(on_topic(*records))
    zones.at_end()
    zones.keep()
    return zones


def test_until_the_topic_is_read_nothing_is_said_of_any_camera(tmp_path: Path) -> None:
    zones = ZonesBoard(tmp_path / "zones")
    assert "not read to its end yet" in zones.trouble
    zones.begin()
    zones.at_end()
    assert (zones.trouble, zones.of("yard").state) == ("", "none")


def test_the_newest_record_says_who_drew_what_and_when(tmp_path: Path) -> None:
    told = board(tmp_path / "zones", drawn("yard"), drawn("yard", LEFT), drawn("gate", LEFT), drawn("gate")).of("yard")
    assert (told.state, told.by, told.at) == ("drawn", "ana", 1)
    assert [zone.polygon for zone in told.zones] == [LEFT]


@pytest.mark.parametrize(
    "record",
    [Written(b"yard", None), Written(b"yard", b"junk"), drawn("gate", key=b"yard"), drawn("yard", [(0.0, 0.0)] * 2)],
    ids=["tombstone", "junk", "of another source", "two points"],
)
def test_a_forged_record_is_shown_as_what_redactors_make_of_it(record: Written, tmp_path: Path) -> None:
    zones = board(tmp_path / "zones", drawn("yard", LEFT), record)
    told = zones.of("yard")
    assert (told.state, told.zones, told.by, told.at, told.toml) == ("unknown", [], "", None, "")
    # Redactors know the same, and cover all of it.
    redactor = KnownZones(tmp_path / "of a redactor")
    redactor.begin()
    for each in on_topic(drawn("yard", LEFT), record):
        redactor.take(each)
    redactor.at_end()
    assert redactor.zones == {"yard": None}
    zones.take(on_topic(drawn("yard", LEFT)))
    assert zones.of("yard").state == "drawn"


def test_zones_that_vanish_while_the_viewer_is_away_are_not_shown_as_none(tmp_path: Path) -> None:
    board(tmp_path / "zones", drawn("yard", LEFT))
    zones = board(tmp_path / "zones")
    assert (zones.of("yard").state, zones.sources) == ("unknown", ["yard"])


def test_areas_for_alerts_are_told_beside_zones(tmp_path: Path) -> None:
    told = board(tmp_path / "zones", with_areas(drawn("yard"), LEFT)).of("yard")
    assert (told.state, told.zones, told.areas) == ("drawn", [], [DrawnZone("area 0", LEFT)])
    zones = board(tmp_path / "zones", with_areas(drawn("yard", LEFT), LEFT), drawn("yard", LEFT))
    assert (zones.of("yard").state, zones.of("yard").areas, zones.sources) == ("drawn", [], ["yard"])


def test_names_without_end_fill_no_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(boards, "_REMEMBERED", 10)
    zones = board(tmp_path / "zones", drawn("yard", LEFT), *[drawn(f"cam {number}") for number in range(100)])
    assert len(zones._newest) == 10
    assert (zones.of("yard").state, zones.of("yard").by) == ("drawn", "")


@pytest.mark.parametrize("source", ["yard", "front door", 'a"b\\c', "naïve 門 \U0001f600", "a]\nb = 1\x00\x7f\u2028"])
@pytest.mark.parametrize("name", ["till", "x\n[cameras.evil]\nurl = 'rtsp://evil'\n", '"\x7f\u202e'])
def test_as_toml_it_is_a_section_of_the_chain_file_whatever_the_names_hold(source: str, name: str) -> None:
    zones = [DrawnZone(name, LEFT), DrawnZone("two", [(0.125, 0.1), (1.0, 0.1), (0.3333, 0.9999)])]
    left, two = ([list(point) for point in zone.polygon] for zone in zones)
    read = tomllib.loads(as_toml(source, zones, zones))
    areas = {name: {"source": source, "polygon": left}, "two": {"source": source, "polygon": two}}
    assert read == {"zones": {source: {"cover": [left, two]}}, "areas": areas}
    check_zones(msgspec.convert(read["zones"][source], ZoneConf).as_option("yard"))
    assert as_toml(source, [], []) == ""
