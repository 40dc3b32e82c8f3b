"""From frames to messages: judges each by the rules, bounds the messages of an hour, and sums up what it held back."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import msgspec

from functions.core.frame import Frame
from streams.chain.alerts_section import AlertConf
from streams.chain.outputs_section import OutputConf
from streams.notify.messages import alert_of, as_json, summary_of
from streams.notify.metrics import DROPPED, HELD, TOLD
from streams.notify.outbox import Outbox, Waiting, key_of, output_of
from streams.notify.rule import Seen, count, is_in_hours, see
from streams.notify.watches import Place, Rows, Watches
from streams.wire import counts as wire
from streams.wire.alerts import ALERTS, Alert, Summary
from streams.zones.areas import Areas


@dataclass(frozen=True)
class Rule:
    """A rule with all areas, the outputs that it names, and the one source that it is about.

    `outputs` have `ALERTS` among them: the topic is told whatever an output is, and more.
    """

    name: str
    conf: AlertConf
    areas: Areas
    source: str | None
    outputs: Mapping[str, OutputConf]

    def told_of(self, source: str) -> list[str]:
        """The outputs that are told of this source; none where the rule is about another, or its area elsewhere."""
        zone = self.conf.when.zone
        if self.source not in (None, source) or (zone is not None and not self.areas.at(zone, source)):
            return []
        return [name for name, output in self.outputs.items() if output.takes(source)]


def _clock() -> int:
    return time.time_ns() // 1000


class Alerting:
    """The rules over the sources of one process; whatever it knows is in rows, also what waits in the outboxes.

    `counts` are of alerts, by rule and what became of them.
    """

    def __init__(
        self,
        rows: Rows,
        rules: Sequence[Rule],
        outboxes: Mapping[str, Outbox],
        places: int,
        counts: Counter[tuple[str, str]],
        clock: Callable[[], int] = _clock,
    ) -> None:
        self._rows, self._rules, self._outboxes, self._clock = rows, rules, outboxes, clock
        self._watches, self._counts = Watches(rows, places), counts
        self.clear()

    def clear(self) -> None:
        """Forget all, and leave the rows."""
        self._watches.clear()
        for outbox in self._outboxes.values():
            outbox.begin(self._rows.forget)

    def restore(self, key: str, value: bytes, partitions: frozenset[int]) -> None:
        """Take in a row, where it is of these partitions. Raises ValueError for one of another version."""
        output = output_of(key)
        if output is None:
            self._watches.restore(key, value, partitions, {rule.name for rule in self._rules})
            return
        waiting = msgspec.msgpack.decode(value, type=Waiting)
        if output in self._outboxes and waiting.partition in partitions:
            self._outboxes[output].put(key, waiting)

    def judge(self, frame: Frame, partition: int) -> None:
        """Judge one frame by all rules."""
        for rule in self._rules:
            if outputs := rule.told_of(frame.source):
                self._judge(rule, outputs, frame, partition)

    def sum_up(self) -> None:
        """Tell in one message of each rule what was held back, as soon as it may be sent."""
        self._watches.forget_sent(self._clock())
        for rule in self._rules:
            held = self._watches.held(rule.name)
            if held and self._may_send(rule) and self._with_room(rule.outputs):
                self._sum_up(rule, held)

    def _judge(self, rule: Rule, outputs: Sequence[str], frame: Frame, partition: int) -> None:
        place = Place(rule.name, frame.source)
        seen = self._watches.at(place, partition)
        zone = rule.conf.when.zone
        number = count(rule.conf, None if zone is None else rule.areas.at(zone, frame.source), frame)
        holds = number >= rule.conf.when.at_least and is_in_hours(rule.conf, frame.captured_at)
        changed, is_alert = see(seen, frame, holds, round(rule.conf.when.for_s * 1e6))
        if is_alert:
            self._tell(rule, outputs, frame, seen, number)
        if changed:
            self._watches.store(place, seen)

    def _tell(self, rule: Rule, outputs: Sequence[str], frame: Frame, seen: Seen, number: int) -> None:
        watch, ready = seen.watch, self._with_room(outputs)
        if ready and self._may_send(rule) and not self._watches.held(rule.name):
            alert = alert_of(rule.name, rule.conf, frame, number, watch.since or 0, watch.first)
            watch.sent.append(self._clock())
            self._counts[rule.name, TOLD] += 1
            for output in ready:
                self._put(output, alert, rule.conf.wants_clip, watch.partition)
            self._counts[rule.name, DROPPED] += len(outputs) - len(ready)  # others do not wait for those
            return
        self._counts[rule.name, HELD] += 1
        if not watch.held:
            watch.held_first, watch.held_from = watch.first, frame.captured_at
        watch.held, watch.held_to = watch.held + 1, frame.captured_at

    def _may_send(self, rule: Rule) -> bool:
        return self._watches.sent_within_an_hour(rule.name, self._clock()) < rule.conf.per_hour

    def _with_room(self, outputs: Iterable[str]) -> list[str]:
        """Those that take one more; none where that is the topic alone, and others are told beside it."""
        ready = [name for name in outputs if not self._outboxes[name].is_full]
        return ready if ready != [ALERTS] or ready == [*outputs] else []

    def _sum_up(self, rule: Rule, held: Mapping[str, Seen]) -> None:
        first = next(iter(held.values())).watch
        for name in self._with_room(rule.outputs):
            output = rule.outputs[name]
            if told := {source: seen.watch for source, seen in held.items() if output.takes(source)}:
                self._put(name, summary_of(rule.name, told), False, first.partition)
        first.sent.append(self._clock())
        for source, seen in held.items():
            seen.watch.held = 0
            self._watches.store(Place(rule.name, source), seen)

    def _put(self, output: str, message: Alert | Summary, wants_clip: bool, partition: int) -> None:
        key = key_of(output, message.id)
        body = wire.encode(message) if output == ALERTS else as_json(message, wants_clip)
        waiting = Waiting(partition, message.rule, message.id, body)
        self._rows.put(key, msgspec.msgpack.encode(waiting), partition)
        self._outboxes[output].put(key, waiting)
