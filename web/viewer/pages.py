"""The pages of a chain: the topics that each shows side by side, and the description of each topic."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping

from msgspec import Struct
from msgspec.structs import replace

from functions.core.errors import UsageError
from functions.core.registry import FunctionSpec
from streams.chain.types import Chain, StageConf
from streams.recording.chosen import recordings_of
from streams.wire.alerts import ALERTS
from streams.wire.counts import COUNTS

log = logging.getLogger(__name__)


class Page(Struct, frozen=True):
    """One page: a frame on `left` beside the same frame on `right`; `details` adds what was found in it.

    One that is `alone` begins with the right side only, and the details beside it. Its `kind` names the script that
    draws it: `live` pictures, a `wall` of all sources of `right`, `counts`, a `check`, where operators mark who is
    exposed, or `zones`, where they draw what is to be covered; `cameras` and `hours` tell of all cameras in numbers,
    `alerts` what rules told, `playback` shows recordings. A page `aside` is reached from others.
    """

    path: str
    title: str
    left: str | None
    right: str
    details: bool = False
    alone: bool = False
    aside: bool = False
    kind: str = "live"


# Pages without a picture, for every role; and operators' work, whose answers hold raw pictures.
_NUMBERS, _RAW = frozenset({"counts", "alerts", "cameras", "hours"}), frozenset({"check", "zones"})


class TopicInfo(Struct, frozen=True):
    """A topic as pages describe it: the stage that writes it, its kind, the labels that can be found in it."""

    title: str
    kind: str  # raw, annotated or redacted
    stage: str | None
    labels: tuple[str, ...]


def pages(chain: Chain, has_bus: bool = True) -> tuple[Page, ...]:
    """The pages of a chain, made of the first topic of each kind; without a bus none about cameras and alerts."""
    source = _first(topic for topic in chain.topic_names if _writer(chain, topic) is None)
    read = {topic for stage in chain.stages.values() for topic in stage.inputs}
    ends = [topic for topic in chain.topic_names if topic not in read]
    raw = _first(topic for topic in ends if not chain.redacted(topic)) or source
    redacted = _first(topic for topic in (*ends, *chain.topic_names) if chain.redacted(topic))
    wanted = (
        Page("/", "Identification", source, raw or ""),
        Page("/imageai", "ImageAI", source, raw or "", details=True, alone=True),
        Page("/redaction", "Redaction", raw, redacted or "", details=True),
        Page("/wall", "Wall", None, redacted or raw or "", kind="wall"),
    )
    pictures = (page for page in wanted if page.right and page.left != page.right)
    both = source and redacted and source != redacted
    check = Page("/check", "Check", source, redacted or "", kind="check")
    zones = Page("/zones", "Zones", source, redacted or "", kind="zones", aside=True)
    on_a_bus = (
        Page("/cameras", "Cameras", None, redacted or raw or "", kind="cameras"),
        Page("/hour", "Last hour", None, redacted or "", kind="hours", aside=True),
        *([zones] if both else ()),
    )
    # Of a redacted topic where there is one: a page whose topic is raw is for operators only.
    recorded = sorted((each.conf.topic for each in recordings_of(chain)), key=lambda topic: not chain.redacted(topic))
    return (
        *pictures,
        Page("/counts", "Counts", None, COUNTS, kind="counts"),
        *([Page("/alerts", "Alerts", None, ALERTS, kind="alerts")] if has_bus else ()),
        *(Page("/playback", "Playback", None, topic, kind="playback") for topic in recorded[:1]),
        *([check] if both else ()),
        *(on_a_bus if has_bus else ()),
    )


def pair_page(chain: Chain, left: str, right: str) -> Page | None:
    """The page of any two topics, None where the chain lacks one."""
    known = chain.topic_names
    if left not in known or right not in known or left == right:
        return None
    return Page(f"/pair/{left}/{right}", f"{left} beside {right}", left, right, details=True)


def redacted_only(chain: Chain, page: Page) -> Page | None:
    """A page as the role viewer gets it: no raw left half; None where the right one is raw, and for operators' work."""
    if page.kind in _NUMBERS:
        return page
    if page.kind in _RAW or not chain.redacted(page.right):
        return None
    return page if page.left and chain.redacted(page.left) else replace(page, left=None)


def topic_infos(chain: Chain, functions: Mapping[str, FunctionSpec]) -> dict[str, TopicInfo]:
    """Every topic of the chain by name."""
    return {topic: _info(chain, topic, functions) for topic in chain.topic_names}


def _info(chain: Chain, topic: str, functions: Mapping[str, FunctionSpec]) -> TopicInfo:
    name = _writer(chain, topic)
    stage = chain.stages[name] if name else None
    labels = {label: None for each in _upstream(chain, topic) for label in _findable(each, functions)}
    return TopicInfo(
        title=(stage.title or name or "") if stage else "As captured",
        kind="redacted" if chain.redacted(topic) else "annotated" if stage and stage.function == "annotate" else "raw",
        stage=name,
        labels=tuple(labels),
    )


def _upstream(chain: Chain, topic: str) -> Iterator[StageConf]:
    """The stages that a frame of this topic has passed, in any order."""
    seen: set[str] = set()
    todo = [topic]
    while todo:
        at = todo.pop()
        for name, stage in chain.stages.items():
            if stage.output == at and name not in seen:
                seen.add(name)
                todo += stage.inputs
                yield stage


def _findable(stage: StageConf, functions: Mapping[str, FunctionSpec]) -> tuple[str, ...]:
    spec = functions.get(stage.function)
    if spec is None:
        return ()
    try:
        return spec.findable(spec.validate(stage.options))
    except (UsageError, OSError) as error:  # its model may be on another host; frames are shown all the same
        log.warning("Labels of %s are not known here: %s", stage.function, error)
        return ()


def _writer(chain: Chain, topic: str) -> str | None:
    return _first(name for name, stage in chain.stages.items() if stage.output == topic)


def _first(names: Iterator[str]) -> str | None:
    return next(names, None)
