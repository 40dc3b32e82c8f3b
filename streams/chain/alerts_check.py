"""Validation of a chain's alerts: an alert names sources, areas and outputs that there are."""

from __future__ import annotations

from functions.core.errors import UsageError, did_you_mean, one_of
from streams.chain.alerts_section import CLIP, MQTT, WEBHOOK, AlertConf
from streams.chain.outputs_section import MqttConf, RecordingConf, WebhookConf
from streams.chain.types import Chain, ChainError, check_name


def check_alerts(chain: Chain) -> None:
    """Refuse alerts that could never be told, or not as written. Raises ChainError."""
    _refuse_shared_prefix(chain)
    for name, alert in chain.alerts.items():
        check_name("Alert", name)
        try:
            alert.zone  # noqa: B018
        except UsageError as error:
            raise ChainError(f"Alert {name}, time_zone: {error}") from None
        _check_area(chain, name, alert)
        _check_told(chain, name, alert)


def _refuse_shared_prefix(chain: Chain) -> None:
    """Two outputs below one prefix of one broker would clear what the other tells."""
    seen: dict[tuple[str, str], str] = {}
    for name, output in chain.outputs.items():
        if isinstance(output, MqttConf) and (other := seen.setdefault((output.url, output.prefix), name)) != name:
            raise ChainError(f"Output {name}, prefix: expected another than that of {other}, got {output.prefix}")


def source_of(chain: Chain, alert: AlertConf) -> str | None:
    """The source that an alert is about, None for any."""
    area = chain.areas.get(alert.when.zone or "")
    return area.source if area else alert.when.source


def told(chain: Chain, alert: AlertConf) -> dict[str, MqttConf | WebhookConf]:
    """The outputs that an alert is told to, by name."""
    found = {name: each for name, each in chain.outputs.items() if isinstance(each, MqttConf | WebhookConf)}
    return {name: each for name, each in found.items() if _word(name, each) in alert.then}


def topics_of(chain: Chain, alert: AlertConf) -> list[str]:
    """The topics by whose frames an alert is judged: those of the outputs it tells, else the first redacted one."""
    redacted = [topic for topic in chain.topic_names if chain.redacted(topic)]
    return sorted({output.topic for output in told(chain, alert).values()} or redacted[:1])


def undrawn(chain: Chain) -> list[str]:
    """What is to be said of rules that name an area which the file does not have: somebody has to draw it."""
    zones = {name: alert.when.zone for name, alert in chain.alerts.items()}
    return [
        f"Alert {name} names no area of the file: it counts who stands in {zone} once an operator has drawn that"
        f"{did_you_mean(zone, chain.areas)}"
        for name, zone in zones.items()
        if zone is not None and zone not in chain.areas
    ]


def _check_area(chain: Chain, name: str, alert: AlertConf) -> None:
    if alert.when.zone not in chain.areas:
        return
    drawn_at = chain.areas[alert.when.zone].source
    if alert.when.source not in (None, drawn_at):
        raise ChainError(
            f"Alert {name}, source: expected {drawn_at}, in whose picture the area {alert.when.zone} is, got "
            f"{alert.when.source}"
        )


def _check_told(chain: Chain, name: str, alert: AlertConf) -> None:
    known = _words(chain)
    for word in alert.then:
        if word not in known:
            raise ChainError(f"Alert {name}, then: expected {one_of(word, known)}, got {word}{_missing(word)}")
    source = source_of(chain, alert)
    outputs = told(chain, alert)
    if alert.then and not outputs:
        raise ChainError(f"Alert {name}, then: expected an output that is told, {MQTT} or {WEBHOOK}NAME, got none")
    if not topics_of(chain, alert):
        raise ChainError(f"Alert {name}, then: expected an output that is told, since no topic is redacted, got none")
    if outputs and source is not None and not any(output.takes(source) for output in outputs.values()):
        raise ChainError(f"Alert {name}, then: expected an output that takes {source}, got {', '.join(outputs)}")


def _word(name: str, output: MqttConf | WebhookConf) -> str:
    return MQTT if isinstance(output, MqttConf) else f"{WEBHOOK}{name}"


def _words(chain: Chain) -> list[str]:
    """All that an alert's `then` may say, by the outputs that there are."""
    words = [_word(name, each) for name, each in chain.outputs.items() if isinstance(each, MqttConf | WebhookConf)]
    clip = [CLIP] if any(isinstance(each, RecordingConf) for each in chain.outputs.values()) else []
    return [*dict.fromkeys(words), *clip]


def _missing(word: str) -> str:
    kinds = {MQTT: "mqtt", CLIP: "recording"}
    return f", since there is no output of kind {kinds[word]}" if word in kinds else ""
