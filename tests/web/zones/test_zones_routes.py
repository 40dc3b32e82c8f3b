"""Drawn zones over HTTP: for operators only, checked before they are written, and never over somebody else's."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from http.client import HTTPConnection
from typing import Any

import msgpack
import pytest

from streams.kafka.embedded_broker import EmbeddedBroker
from streams.wire.cameras import DrawnZones
from streams.wire.reading import keyed
from tests.bus import consume, length, produce
from tests.streams.zones.test_known import Written
from tests.wait import wait_until
from tests.web.auth.session import OPERATOR, PASSWORDS, VIEWER, ask, log_in
from tests.web.frames_of_chain import REDACTED, Camera
from tests.web.viewing import Viewing, start_viewer

SQUARE = [[0.1, 0.1], [0.5, 0.1], [0.5, 0.5], [0.1, 0.5]]
Call = Callable[..., tuple[int, Any]]


@pytest.fixture(scope="module")
def viewing() -> Iterator[Viewing]:
    """A viewer with both passwords, and a camera that sends."""
    with EmbeddedBroker() as broker, start_viewer(broker.url, env=PASSWORDS) as viewing:
        viewing.wait_until_ready()
        Camera(broker.url, "yard").send(1, [REDACTED])
        known = "imagebus_viewer_sources 2.0"  # beside the one that warms up
        wait_until(lambda: known in ask(viewing, "/metrics").text, 20, "a camera that is known")
        yield viewing


@pytest.fixture(scope="module")
def operator(viewing: Viewing) -> str:
    return log_in(viewing, OPERATOR)


@pytest.fixture
def call(viewing: Viewing, operator: str) -> Call:
    """Status and answer of an operator's request."""

    def call(method: str, path: str, body: object = None, **headers: str) -> tuple[int, Any]:
        wire = HTTPConnection("127.0.0.1", viewing.port, timeout=20)
        sent = body if isinstance(body, bytes) else json.dumps(body)
        wire.request(method, path, sent if method == "POST" else None, {"Cookie": operator, **headers})
        answer = wire.getresponse()
        text = answer.read().decode()
        wire.close()
        return answer.status, json.loads(text) if answer.status == 200 else text

    return call


@pytest.fixture
def now(call: Call) -> dict[str, Any]:
    """What is known of the yard, once the topic is read."""

    def known() -> dict[str, Any] | None:
        status, told = call("GET", "/zones/list?source=yard")
        return dict(told) if status == 200 else None

    return wait_until(known, 30, "zones that are known")


def saved(now: dict[str, Any], **other: object) -> dict[str, object]:
    """What a page sends."""
    zone = {"name": "till", "polygon": SQUARE}
    return {"source": "yard", "zones": [zone], "areas": [], "at": now["at"], **other}


def test_what_an_operator_saves_is_on_the_bus_and_is_listed_with_who_and_when(
    viewing: Viewing, call: Call, now: dict[str, Any]
) -> None:
    status, told = call("POST", "/zones/save", saved(now))
    assert status == 200, told
    assert (told["state"], told["zones"]) == ("drawn", [{"name": "till", "polygon": SQUARE}])
    assert told["toml"].startswith('[zones."yard"]\ncover = [\n  [[0.1, 0.1], [0.5, 0.1]')
    assert f"Log-in as {told['by']} from 127.0.0.1" in viewing.process.text
    assert call("GET", "/zones/list?source=yard") == (200, told)
    message = consume(viewing.broker, "ZONES", length(viewing.broker, "ZONES"))[-1]
    on_bus = keyed(Written(message.key(), message.value()), DrawnZones)
    assert (on_bus.by, on_bus.at, len(on_bus.cover)) == (told["by"], told["at"], 1)

    status, told = call("POST", "/zones/save", saved(told, zones=[]))
    assert (status, told["state"]) == (200, "none")
    message = consume(viewing.broker, "ZONES", length(viewing.broker, "ZONES"))[-1]
    assert keyed(Written(message.key(), message.value()), DrawnZones).cover == []  # no tombstone


def test_areas_for_alerts_are_saved_beside_zones_and_cover_nothing(
    viewing: Viewing, call: Call, now: dict[str, Any]
) -> None:
    gate = {"name": "gate", "polygon": SQUARE}
    status, told = call("POST", "/zones/save", saved(now, zones=[], areas=[gate]))
    assert (status, told["state"], told["zones"], told["areas"]) == (200, "drawn", [], [gate])
    assert told["toml"].startswith('[areas."gate"]\nsource = "yard"\npolygon = [[0.1, 0.1]')
    message = consume(viewing.broker, "ZONES", length(viewing.broker, "ZONES"))[-1]
    on_bus = msgpack.unpackb(message.value())
    assert (on_bus["cover"], on_bus["areas"]) == ([], [gate])
    status, told = call("POST", "/zones/save", saved(told))
    assert (status, told["areas"]) == (200, [])


def test_zones_drawn_over_others_than_those_that_hold_are_refused(call: Call, now: dict[str, Any]) -> None:
    status, told = call("POST", "/zones/save", saved(now))
    assert status == 200
    status, why = call("POST", "/zones/save", saved(now, zones=[]))
    assert (status, "Somebody else has drawn meanwhile" in why) == (409, True)
    assert call("GET", "/zones/list?source=yard") == (200, told)


def test_after_a_forged_record_nothing_is_known_and_an_operator_may_draw_again(
    viewing: Viewing, call: Call, now: dict[str, Any]
) -> None:
    produce(viewing.broker, "ZONES", "yard", b"forged")

    def state() -> str:
        return str(call("GET", "/zones/list?source=yard")[1]["state"])

    wait_until(lambda: state() == "unknown", 20, "zones that are not known")
    assert call("POST", "/zones/save", saved(now, at=None))[1]["state"] == "drawn"


@pytest.mark.parametrize(
    ("other", "status"),
    [
        ({"zones": [{"name": "till", "polygon": SQUARE[:2]}]}, 400),
        ({"zones": [{"name": "till", "polygon": [[0, 0], [2, 0], [0, 2]]}]}, 400),
        ({"zones": [{"name": "till", "polygon": [*SQUARE, [0.2, 0.2, 0.2]]}]}, 400),
        ({"zones": [{"name": "till", "polygon": [SQUARE[0]] * 65}]}, 400),
        ({"zones": [{"name": "till", "polygon": SQUARE}] * 65}, 400),
        ({"zones": [{"name": "", "polygon": SQUARE}]}, 400),
        ({"zones": [{"name": "a" * 65, "polygon": SQUARE}]}, 400),
        ({"zones": None}, 400),
        ({"areas": [{"name": "gate", "polygon": SQUARE}] * 65}, 400),
        ({"areas": [{"name": "gate", "polygon": [[0, 0], [2, 0], [0, 2]]}]}, 400),
        ({"ignore": [SQUARE]}, 400),
        ({"by": "somebody else"}, 400),
        ({"source": "a" * 129}, 400),
        ({"source": "nobody has heard of it"}, 404),
    ],
)
def test_what_no_redactor_would_take_is_not_written(
    other: dict[str, object], status: int, viewing: Viewing, call: Call, now: dict[str, Any]
) -> None:
    before = length(viewing.broker, "ZONES")
    assert call("POST", "/zones/save", saved(now, **other))[0] == status
    assert length(viewing.broker, "ZONES") == before


@pytest.mark.parametrize(
    ("body", "status"), [(b"", 400), (b"{", 400), (b"\xff" * 100, 400), (b"[" * 4000, 400), (b" " * 600_000, 413)]
)
def test_what_are_no_zones_is_refused(body: bytes, status: int, call: Call) -> None:
    assert call("POST", "/zones/save", body)[0] == status


def test_only_operators_see_and_draw_zones(viewing: Viewing, call: Call, now: dict[str, Any]) -> None:
    as_viewer = log_in(viewing, VIEWER)
    for cookie, status in (({}, 401), ({"Cookie": as_viewer}, 404)):
        assert ask(viewing, "/zones/list?source=yard", **cookie).status == status
        assert ask(viewing, "/zones/save", {}, **cookie).status == status
        assert ask(viewing, "/zones", **cookie).status == status
    assert "/zones" not in ask(viewing, "/redaction", Cookie=as_viewer).text
    assert call("POST", "/zones/save", saved(now), Origin="http://elsewhere.example")[0] == 403
    assert call("GET", "/zones/list")[0] == 400
