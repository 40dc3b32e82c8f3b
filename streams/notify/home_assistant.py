"""What Home Assistant is told so that it finds everything by itself: MQTT discovery."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any, NamedTuple, get_args

from streams.chain.redacted_words import VERSION
from streams.notify.messages import id_of
from streams.wire.cameras import State
from streams.wire.names import printable, safe

ONLINE, OFFLINE = "online", "offline"
# A source whose producer is not heard has no state.
UNHEARD = "unheard"
_ORIGIN = {"name": "imagebus", "sw_version": VERSION}
_ID_LENGTH = 12


class Topics(NamedTuple):
    """Where an output tells numbers and alerts, below `prefix`, and their configurations, below `discovery`."""

    prefix: str
    discovery: str

    @property
    def node(self) -> str:
        """The part of a configuration's topic that is this installation's own."""
        return f"imagebus-{id_of(self.prefix)[:_ID_LENGTH]}"

    @property
    def status(self) -> str:
        """Whether imagebus itself is there."""
        return f"{self.prefix}/status"

    def camera(self, source: str, what: str) -> str:
        """One number of one source."""
        return f"{self.prefix}/cameras/{safe(source)}/{what}"

    @property
    def counts(self) -> str:
        """Visitors at all sources."""
        return f"{self.prefix}/counts"

    def alert(self, rule: str) -> str:
        """The alerts of one rule."""
        return f"{self.prefix}/alerts/{rule}"


@lru_cache(maxsize=8192)
def of_camera(topics: Topics, source: str, counted: bool) -> dict[str, bytes]:
    """The configurations of one source by topic."""
    place = id_of(topics.prefix, source)[:_ID_LENGTH]
    device = {
        "identifiers": [f"{topics.node}-{place}"],
        "name": printable(source),
        "manufacturer": "imagebus",
        "model": "camera",
        "sw_version": VERSION,
        "via_device": topics.node,
    }
    entities = [*_of_pictures(topics, source), *_of_state(topics, source)]
    entities += _of_counts(topics.camera(source, "counts")) if counted else []
    return dict(_configs(topics, device, place, entities))


@lru_cache(maxsize=16)
def of_all(topics: Topics, counted: bool, rules: tuple[str, ...]) -> dict[str, bytes]:
    """The configurations of imagebus itself by topic: whether it is there, visitors at all sources, an event a rule."""
    device = {
        "identifiers": [topics.node],
        "name": "imagebus" if topics.prefix == "imagebus" else f"imagebus {topics.prefix}",
        "manufacturer": "imagebus",
        "sw_version": VERSION,
    }
    entities = [_connection(topics.status, ONLINE, OFFLINE)]
    entities += _of_counts(topics.counts) if counted else []
    entities += [_event(topics, rule) for rule in rules]
    return dict(_configs(topics, device, "all", entities))


class _Entity(NamedTuple):
    component: str
    kind: str
    keys: dict[str, Any]
    needs: tuple[str, ...] = ()  # topics of availability beside that of imagebus itself


def _of_pictures(topics: Topics, source: str) -> Iterator[_Entity]:
    needs = (topics.camera(source, "availability"),)
    people = {"name": "People", "state_topic": topics.camera(source, "people"), "state_class": "measurement"}
    yield _Entity("sensor", "people", people | {"icon": "mdi:account-group"}, needs)
    activity = {"name": "Activity", "state_topic": topics.camera(source, "activity"), "device_class": "motion"}
    yield _Entity("binary_sensor", "activity", activity, needs)


def _of_state(topics: Topics, source: str) -> Iterator[_Entity]:
    keys = {
        "name": "State",
        "state_topic": topics.camera(source, "state"),
        "device_class": "enum",
        "options": [*get_args(State), UNHEARD],
        "entity_category": "diagnostic",
    }
    yield _Entity("sensor", "state", keys)
    yield _connection(topics.camera(source, "availability"), ONLINE, OFFLINE)


def _connection(topic: str, there: str, away: str) -> _Entity:
    keys = {
        "name": "Connection",
        "state_topic": topic,
        "device_class": "connectivity",
        "payload_on": there,
        "payload_off": away,
        "entity_category": "diagnostic",
    }
    return _Entity("binary_sensor", "connection", keys)


def _of_counts(topic: str) -> list[_Entity]:
    """Visitors of the day; they begin anew with it, and the record says when."""
    both = {"visitors": "Visitors today", "unique": "Unique visitors today"}
    return [
        _Entity(
            "sensor",
            kind,
            {
                "name": name,
                "state_topic": topic,
                "value_template": f"{{{{ value_json.{kind} }}}}",
                "state_class": "total",
                "last_reset_value_template": "{{ value_json.since }}",
                "icon": "mdi:counter",
            },
        )
        for kind, name in both.items()
    ]


def _event(topics: Topics, rule: str) -> _Entity:
    keys = {"name": rule, "state_topic": topics.alert(rule), "event_types": ["alert", "summary"], "icon": "mdi:bell"}
    return _Entity("event", f"alert-{rule}", keys)


def _configs(
    topics: Topics, device: dict[str, Any], place: str, entities: Iterable[_Entity]
) -> Iterator[tuple[str, bytes]]:
    for component, kind, keys, needs in entities:
        own = f"{place}-{kind}"
        # Whether imagebus is there is told by the entity itself, not by its absence.
        needed = [] if keys["state_topic"] == topics.status else [topics.status, *needs]
        available = [
            {"topic": topic, "payload_available": ONLINE, "payload_not_available": OFFLINE} for topic in needed
        ]
        config = keys | {"unique_id": f"{topics.node}-{own}", "device": device, "origin": _ORIGIN, "qos": 1}
        config |= {"availability": available, "availability_mode": "all"} if available else {}
        yield (
            f"{topics.discovery}/{component}/{topics.node}/{own}/config",
            json.dumps(config, ensure_ascii=False).encode(),
        )
