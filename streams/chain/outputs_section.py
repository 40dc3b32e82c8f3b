"""The sections `[outputs.NAME]` of a chain file: what leaves the bus, each run by a command of its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated
from urllib.parse import SplitResult, urlsplit

from msgspec import Meta, Struct

from streams.wire.names import why_no_name

_LEVELS = "^[A-Za-z0-9_-]+(/[A-Za-z0-9_-]+)*$"

# Where a stream can go, and what stands in its address for the source's name.
_STREAMS = ("rtsp://", "rtsps://", "rtmp://", "rtmps://")
PLACE = "{source}"


class OutputConf(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag_field="kind"):
    """What every output has: the topic that it reads, and of it these sources, all where none is named.

    `raw` has it read a topic that may show people.
    """

    topic: Annotated[str, Meta(min_length=1)] = "REDACTION_FRAME"
    sources: list[str] = []
    raw: bool = False

    def __post_init__(self) -> None:
        for source in self.sources:
            if why := why_no_name(source):
                raise ValueError(f"sources: {why}")

    def takes(self, source: str) -> bool:
        """Whether frames of this source are for it."""
        return not self.sources or source in self.sources


class StreamConf(OutputConf, frozen=True, forbid_unknown_fields=True, kw_only=True, tag="stream"):
    """A steady stream a source, `imagebus publish`; `{source}` in `url`, or `env:NAME`, becomes the source's name.

    `fps` frames a second, by repeating or leaving out.
    """

    url: Annotated[str, Meta(min_length=1)]
    fps: Annotated[float, Meta(gt=0, le=60)] = 10.0

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.url.startswith("env:") and (why := why_no_stream(self.url, self.sources)):
            raise ValueError(f"url: {why}")


class RecordingConf(OutputConf, frozen=True, forbid_unknown_fields=True, kw_only=True, tag="recording"):
    """Files in the folder `dir`, one a source and minute, `imagebus record`; the oldest go first.

    Kept at most `keep_days`, and together at most `keep_gb` (10^9 bytes).
    """

    dir: Annotated[str, Meta(min_length=1)]
    keep_days: Annotated[float, Meta(gt=0)] = 30.0
    keep_gb: Annotated[float, Meta(gt=0)] = 10.0


class MqttConf(OutputConf, frozen=True, forbid_unknown_fields=True, kw_only=True, tag="mqtt"):
    """Numbers and alerts for MQTT, `imagebus notify`, below `prefix`; Home Assistant finds them below `discovery`.

    `url` is mqtt://HOST or mqtts://HOST, with user and password, or env:NAME; `ca_file` signs the broker's certificate.
    """

    url: Annotated[str, Meta(min_length=1)]
    prefix: Annotated[str, Meta(pattern=_LEVELS)] = "imagebus"
    discovery: Annotated[str, Meta(pattern=_LEVELS)] = "homeassistant"
    ca_file: str = ""

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.url.startswith("env:"):
            checked_address(self.url, ("mqtt", "mqtts"))


class WebhookConf(OutputConf, frozen=True, forbid_unknown_fields=True, kw_only=True, tag="webhook"):
    """Alerts for a program of yours, `imagebus notify`: each a POST to `url` (or env:NAME), signed with `secret`."""

    url: Annotated[str, Meta(min_length=1)]
    secret: Annotated[str, Meta(pattern="^env:.+$")]

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.url.startswith("env:"):
            checked_address(self.url, ("http", "https"))


Output = StreamConf | RecordingConf | MqttConf | WebhookConf


def checked_address(url: str, schemes: tuple[str, ...]) -> SplitResult:
    """The parts of an address. Raises ValueError, which does not show it, for any other text."""
    wanted = f"expected an address as {schemes[0]}://HOST:PORT or {schemes[-1]}://HOST:PORT"
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018
    except ValueError:
        raise ValueError(f"url: {wanted}, got none") from None
    if parts.scheme not in schemes or not parts.hostname:
        raise ValueError(f"url: {wanted}, got {parts.scheme or 'none'}")
    return parts


def why_no_stream(url: str, sources: Sequence[str]) -> str:
    """What is wrong with an address for streams of these sources, "" where nothing is; never with the address in it."""
    if not url.startswith(_STREAMS):
        return f"expected an address that begins with one of {', '.join(_STREAMS)}, got another one"
    if len(sources) > 1 and PLACE not in url:
        return f"expected {PLACE} in it, for the name of each of {len(sources)} sources, got one address for all"
    return ""


def kind_of(output: OutputConf) -> str:
    """Its kind, as the chain file writes it."""
    return str(output.__struct_config__.tag)
