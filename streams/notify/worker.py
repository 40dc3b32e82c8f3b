"""The alerts of one topic's frames, and its outputs of kind mqtt and webhook: one Faust app, a connection for each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from confluent_kafka.admin import AdminClient
from mode.types import ServiceT
from prometheus_client.core import Metric

from functions.core.errors import UsageError
from streams.chain.alerts_check import source_of, told, topics_of
from streams.chain.outputs_section import MqttConf, OutputConf, WebhookConf
from streams.chain.types import Chain, group_of
from streams.kafka import topics
from streams.kafka.counting_topics import changelog_of, make_changelog
from streams.notify.alerting import Rule
from streams.notify.alerts_app import NAME, TABLE, AlertsApp
from streams.notify.alerts_topic import AlertsTopic
from streams.notify.follower import Follower
from streams.notify.metrics import AlertMetrics
from streams.notify.mqtt import MqttOutput
from streams.notify.numbers import Numbers
from streams.notify.outbox import Outbox
from streams.notify.webhook import Webhook
from streams.runtime.supervisor import AppWorker
from streams.runtime.table_app import RestartState
from streams.settings import Settings
from streams.wire.alerts import ALERTS
from streams.wire.cameras import CAMERAS
from streams.zones.areas import Areas

Outputs = Mapping[str, MqttConf | WebhookConf]


class NotifyWorker(AppWorker):
    """Runs the alerts' app of one topic, and what delivers its numbers and messages. Raises UsageError."""

    def __init__(self, name: str, topic: str, outputs: Outputs, chain: Chain, settings: Settings) -> None:
        super().__init__(name, settings)
        self._topic, self._chain = topic, chain
        self._group = group_of([topic], NAME, "+".join(sorted(outputs)) or ALERTS)
        self._areas = _areas(chain, topic)
        self._rules = _rules(chain, topic, outputs, self._areas)
        self._state, self._numbers = RestartState(), Numbers()
        self._outboxes = {name: Outbox(name) for name in (ALERTS, *outputs)}
        self._alerts = Counter[tuple[str, str]]()
        self._follower = Follower(settings, self._numbers, self._areas)
        self._alerts_topic = AlertsTopic(settings, self._outboxes[ALERTS])
        self._outputs = [self._delivery(name, output) for name, output in outputs.items()]

    def on_init_dependencies(self) -> Iterable[ServiceT]:
        """What delivers, which goes on while the app is started anew."""
        return [*super().on_init_dependencies(), self._follower, self._alerts_topic, *self._outputs]

    @property
    def counts(self) -> Counter[str]:
        return self._state.counts

    def metrics(self) -> Iterable[Metric]:
        return AlertMetrics(self._alerts, self._outboxes).collect()

    def make_topics(self, client: AdminClient) -> None:
        names = (self._topic, CAMERAS, ALERTS)
        topics.make(client, [topics.plan(self._settings, self._chain, name) for name in names])
        changelog = changelog_of(self._group, TABLE)
        self._partitions = make_changelog(client, self._settings, self._chain, changelog, self._topic)

    def new_app(self) -> AlertsApp:
        return AlertsApp(
            self._group,
            self._topic,
            not self._chain.redacted(self._topic),
            self._partitions,
            self._rules,
            self._areas,
            self._outboxes,
            self._numbers,
            self._alerts,
            self._settings,
            self._state,
            self.refuse,
        )

    def _delivery(self, name: str, output: MqttConf | WebhookConf) -> MqttOutput | Webhook:
        outbox = self._outboxes[name]
        if isinstance(output, WebhookConf):
            return Webhook(name, output, outbox)
        rules = tuple(rule.name for rule in self._rules if name in rule.outputs)
        counted = self._chain.counts is not None
        return MqttOutput(name, output, outbox, self._numbers, self._follower, counted, rules)


def workers(chain: Chain, settings: Settings) -> list[NotifyWorker]:
    """A worker for each topic that outputs of these kinds read, or rules. Raises UsageError where there is none."""
    outputs = {name: each for name, each in chain.outputs.items() if isinstance(each, MqttConf | WebhookConf)}
    judged = [topic for alert in chain.alerts.values() for topic in topics_of(chain, alert)]
    if not outputs and not judged:
        raise UsageError(
            "expected an [alerts.NAME], or an [outputs.NAME] of kind mqtt or webhook, in the chain file, got none"
        )
    by_topic: dict[str, dict[str, MqttConf | WebhookConf]] = {topic: {} for topic in judged}
    for name, output in outputs.items():
        by_topic.setdefault(output.topic, {})[name] = output
    names = {topic: NAME if len(by_topic) == 1 else f"{NAME}-{topic}" for topic in by_topic}
    return [NotifyWorker(names[topic], topic, own, chain, settings) for topic, own in by_topic.items()]


def _areas(chain: Chain, topic: str) -> Areas:
    """The areas of rules that are judged by the frames of a topic."""
    zones = [alert.when.zone for alert in chain.alerts.values() if topic in topics_of(chain, alert)]
    return Areas(chain.areas, frozenset(zone for zone in zones if zone is not None))


def _rules(chain: Chain, topic: str, outputs: Outputs, areas: Areas) -> list[Rule]:
    """The rules that are judged by the frames of a topic, each with those of these outputs that it tells."""
    rules = []
    for name, alert in chain.alerts.items():
        if topic in topics_of(chain, alert):
            own = {each: output for each, output in told(chain, alert).items() if each in outputs}
            told_too = {ALERTS: OutputConf(topic=topic), **own}
            rules.append(Rule(name, alert, areas, source_of(chain, alert), told_too))
    return rules
