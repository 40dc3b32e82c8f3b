"""What stands on the MQTT broker now, retained: every topic with its value, made anew of the numbers each second."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping

from streams.cameras.states import Told
from streams.chain.outputs_section import MqttConf
from streams.notify.home_assistant import OFFLINE, ONLINE, UNHEARD, Topics, of_all, of_camera
from streams.notify.messages import moment
from streams.notify.numbers import Numbers
from streams.wire.cameras import OVER, State
from streams.wire.counts import Counted
from streams.wire.names import safe

# In these there are pictures of a source.
_SHOWS: frozenset[State] = frozenset({"running", "dark", "frozen"})


def board_of(conf: MqttConf, numbers: Numbers, counted: bool, rules: tuple[str, ...]) -> dict[str, bytes]:
    """The value of each topic. A source is there as long as `CAMERAS` tells of it, and the output takes it."""
    topics = Topics(conf.prefix, conf.discovery)
    board = dict(of_all(topics, counted, rules))
    board |= _counts(topics.counts, numbers, None) if counted else {}
    for source, told in taken(conf, numbers).items():
        board |= of_camera(topics, source, counted)
        board |= {topics.camera(source, what): value.encode() for what, value in _of_camera(source, told, numbers)}
        board |= _counts(topics.camera(source, "counts"), numbers, source) if counted else {}
    return board


def taken(conf: MqttConf, numbers: Numbers) -> dict[str, Told]:
    """The cameras that an output takes."""
    return {source: told for source, told in numbers.cameras.items() if conf.takes(source)}


def wildcards(conf: MqttConf) -> list[str]:
    """The topics below which nobody but this output writes."""
    return [f"{conf.discovery}/+/{Topics(conf.prefix, conf.discovery).node}/+/config", f"{conf.prefix}/cameras/+/+"]


def is_left_over(conf: MqttConf, topic: str, board: Mapping[str, bytes], cameras: Mapping[str, Told]) -> bool:
    """Whether a topic is of a camera, a rule or a counting that is not any more, by the board and the cameras now.

    Numbers of a camera that is there stay until there are newer ones.
    """
    if topic in board:
        return False
    here = f"{conf.prefix}/cameras/"
    return not topic.startswith(here) or topic.removeprefix(here).split("/")[0] not in map(safe, cameras)


def _of_camera(source: str, told: Told, numbers: Numbers) -> Iterator[tuple[str, str]]:
    shows = told.is_recent and told.state.state in _SHOWS
    yield "availability", ONLINE if shows else OFFLINE
    yield "state", told.state.state if told.is_recent or told.state.state in OVER else UNHEARD
    if seen := numbers.pictures.get(source):
        yield "people", str(seen.people)
        yield "activity", "ON" if seen.is_active else "OFF"


def _counts(topic: str, numbers: Numbers, source: str | None) -> dict[str, bytes]:
    return {topic: _as_json(counted)} if (counted := numbers.counts.get(source)) else {}


def _as_json(counted: Counted) -> bytes:
    """Visitors of the day that it is: none yet where the newest that is known has ended."""
    if counted.ends_at is not None and counted.ends_at <= time.time_ns() // 1000:
        return json.dumps({"visitors": 0, "unique": 0, "since": moment(counted.ends_at)}).encode()
    since = moment(counted.starts_at)
    return json.dumps({"visitors": counted.visitors, "unique": counted.unique, "since": since}).encode()
