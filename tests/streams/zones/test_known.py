"""What is known of drawn zones: a record can only hide more, and what is not known is covered wholly."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import msgspec
import pytest

from functions.redaction.zones import check_zones, zone
from streams.wire import counts
from streams.wire.cameras import DrawnZone, DrawnZones
from streams.zones import known
from streams.zones.known import KnownZones, ZonesUnknown

LEFT = [(0.0, 0.0), (0.5, 0.0), (0.5, 1.0), (0.0, 1.0)]
ALL = [(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)]
ALL_OF_YARD = (zone("yard", "cover", [(0, 0), (1, 0), (1, 1), (0, 1)]),)
LEFT_OF_YARD = (zone("yard", "cover", LEFT),)


@dataclass
class Written:
    """A record of the topic."""

    key: bytes | None
    value: bytes | None


def drawn(source: str, *polygons: list[tuple[float, float]], key: bytes | None = None) -> Written:
    """A good record, by default under its own key."""
    zones = [DrawnZone(f"zone {number}", polygon) for number, polygon in enumerate(polygons)]
    record = DrawnZones(source=source, cover=zones, by="ana", at=1)
    return Written(source.encode() if key is None else key, counts.encode(record))


def with_areas(written: Written, *polygons: list[tuple[float, float]]) -> Written:
    """The same record with areas for alerts, which are not checked."""
    areas = [{"name": f"area {number}", "polygon": polygon} for number, polygon in enumerate(polygons)]
    return Written(
        written.key, msgspec.msgpack.encode({**msgspec.msgpack.decode(written.value or b""), "areas": areas})
    )


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where they are kept."""
    return tmp_path / "zones.msgpack"


def read(file: Path, *records: Written) -> KnownZones:
    """What is known once these are all that the topic holds."""
    zones = KnownZones(file)
    zones.begin()
    for record in records:
        zones.take(record)
    zones.at_end()
    zones.keep()
    return zones


def test_the_newest_record_of_each_source_holds(file: Path) -> None:
    zones = read(file, drawn("gate", LEFT), drawn("yard"), drawn("yard", LEFT, LEFT), drawn("gate"))
    assert zones.options == LEFT_OF_YARD * 2
    check_zones(zones.options)


def test_areas_for_alerts_cover_nothing_and_uncover_nothing(file: Path) -> None:
    zones = read(file, with_areas(drawn("yard", LEFT), ALL), with_areas(drawn("gate"), ALL))
    assert zones.options == LEFT_OF_YARD
    zones.take(with_areas(drawn("yard", LEFT), ALL, ALL))
    assert zones.options == LEFT_OF_YARD
    # Forged ones make it a record that says nothing: all is covered.
    zones.take(with_areas(drawn("yard", LEFT), [(0.0, 0.0), (9.0, 0.0), (9.0, 9.0)]))
    assert zones.options == ALL_OF_YARD
    # A source that had areas alone has no zones that could vanish.
    assert read(file, with_areas(drawn("yard"), ALL)).options == ()
    assert read(file).options == ()


@pytest.mark.parametrize(
    "record",
    [
        Written(b"yard", None),
        Written(b"yard", b""),
        Written(b"yard", b"junk"),
        Written(b"yard", b"\x81" * 10_000),
        drawn("gate", key=b"yard"),
        drawn("yard", [(0.0, 0.0), (2.0, 0.0), (0.0, 2.0)]),
        Written(b"yard", counts.encode(DrawnZones(v=2, source="yard", cover=[], by="ana", at=1))),
    ],
    ids=["tombstone", "empty", "junk", "deep", "of another source", "in pixels", "of a newer version"],
)
def test_a_record_that_does_not_say_the_zones_of_its_source_leaves_all_of_it_covered(
    file: Path, record: Written, caplog: pytest.LogCaptureFixture
) -> None:
    zones = read(file, drawn("yard", LEFT), record)
    assert zones.options == ALL_OF_YARD
    assert "ZONES holds a record that does not say the zones of 'yard': all of it is covered: " in caplog.text
    assert read(file, record).options == ALL_OF_YARD  # nor does it take away anything where it comes first
    zones.take(drawn("yard", LEFT))
    assert zones.options == LEFT_OF_YARD


@pytest.mark.parametrize("key", [None, b"", b"\xff", b"y" * 129])
def test_a_record_under_no_source_s_name_changes_nothing(file: Path, key: bytes | None) -> None:
    assert read(file, drawn("yard", LEFT), Written(key, None)).options == LEFT_OF_YARD


def test_zones_that_are_not_on_the_topic_any_more_leave_their_source_covered_until_a_record_says_more(
    file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    read(file, drawn("yard", LEFT), drawn("gate"))
    zones = read(file)
    assert zones.options == ALL_OF_YARD
    assert "The zones of 'yard' are not on ZONES any more: all of it is covered" in caplog.text
    assert read(file).options == ALL_OF_YARD
    zones.take(drawn("yard"))
    zones.keep()
    assert read(file).options == ()


def test_a_second_reading_knows_what_the_first_knew_also_where_nothing_could_be_kept(
    file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    zones = read(file)
    file.mkdir()
    zones.take(drawn("yard", LEFT))
    zones.keep()
    assert not zones.is_kept
    assert "cannot be kept" in caplog.text
    zones.begin()
    zones.at_end()
    assert zones.options == ALL_OF_YARD


def test_a_reading_that_breaks_off_takes_nothing_away(file: Path) -> None:
    zones = read(file, drawn("yard", LEFT))
    zones.begin()
    zones.take(drawn("yard"))  # an old record, and the one that followed it is not read any more
    zones.begin()
    zones.at_end()
    assert zones.options == ALL_OF_YARD


def test_a_file_that_cannot_be_read_is_refused_since_it_may_have_held_zones(file: Path) -> None:
    read(file, drawn("yard", LEFT))
    file.write_bytes(file.read_bytes()[:-1])
    with pytest.raises(ZonesUnknown, match=r"The zones kept in .*zones.msgpack cannot be read .* then remove the file"):
        KnownZones(file)


def test_more_sources_than_are_remembered_are_refused_and_none_is_forgotten(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(known, "MAX_SOURCES", 2)
    zones = read(file, drawn("yard", LEFT), drawn("gate", LEFT), drawn("door"))
    with pytest.raises(ZonesUnknown, match="Topic ZONES: expected the zones of at most 2 sources, got those of more"):
        zones.take(Written(b"door", None))
    assert set(LEFT_OF_YARD) < set(zones.options)
