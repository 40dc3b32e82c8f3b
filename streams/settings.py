"""All settings in one typed object, read from the environment: `KAFKA_*` and `IMAGEBUS_*`."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from functions.core.errors import UsageError

_PREFIX = "env:"


class Secret(str):
    """A text that is never shown by accident: its repr, and that of whatever holds it, hides it."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "'***'"


def from_environment(text: str, what: str, kind: type[UsageError], environ: Mapping[str, str] = os.environ) -> str:
    """The text itself, or what the variable holds that `env:NAME` names. Raises `kind`, with `what` it is for."""
    if not text.startswith(_PREFIX):
        return text
    name = text.removeprefix(_PREFIX)
    if not environ.get(name):
        raise kind(f"{text}: expected {what} in the environment variable {name}, got none")
    return environ[name]


class SettingError(UsageError):
    """A setting's value does not fit; the text names the variable, what was expected and what came."""


class Settings(Struct, frozen=True, kw_only=True):
    """What may be set, each by its name in capitals, with IMAGEBUS_ before it unless it begins with KAFKA_."""

    kafka_url: Annotated[str, Meta(min_length=1, description="Brokers, `host:port,…`")] = "127.0.0.1:9092"
    kafka_security_protocol: Annotated[
        str,
        Meta(
            pattern="^(PLAINTEXT|SSL|SASL_PLAINTEXT|SASL_SSL)$",
            description="How brokers are spoken to: PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL",
        ),
    ] = "PLAINTEXT"
    kafka_sasl_mechanism: Annotated[
        str,
        Meta(
            pattern="^(PLAIN|SCRAM-SHA-256|SCRAM-SHA-512)$",
            description="How users prove who they are: PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512",
        ),
    ] = "SCRAM-SHA-512"
    kafka_sasl_username: Annotated[str, Meta(description="User on the brokers")] = ""
    kafka_sasl_password: Annotated[Secret, Meta(description="The user's password, or env:NAME")] = Secret("")
    kafka_sasl_password_file: Annotated[str, Meta(description="Or the file that holds it")] = ""
    kafka_ssl_cafile: Annotated[
        str, Meta(description="Who may sign the brokers' certificates, PEM; empty is whom this host trusts")
    ] = ""
    kafka_ssl_certfile: Annotated[str, Meta(description="Certificate of one's own where brokers ask for one, PEM")] = ""
    kafka_ssl_keyfile: Annotated[
        str, Meta(description="Its key, PEM, where the certificate's file does not hold it")
    ] = ""
    chain: Annotated[str, Meta(description="Chain file; empty is the one that ships")] = ""
    stages: Annotated[str, Meta(description="Stages this worker runs, `a,b`; empty is all of the chain")] = ""
    functions: Annotated[str, Meta(description="Modules with functions of your own, `a.b,c`")] = ""
    models: Annotated[str, Meta(min_length=1, description="Folder of models that were fetched")] = str(
        Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "imagebus" / "models"
    )
    threads: Annotated[int, Meta(ge=0, description="Threads a stage; 0 is one a core")] = 0
    window: Annotated[int, Meta(ge=1, description="Records a stage holds at once")] = 16
    sources: Annotated[int, Meta(ge=128, description="Sources that a stage or a viewer remembers at once")] = 256
    max_age_s: Annotated[float, Meta(gt=0, description="Live frames older than this on the bus are skipped")] = 2.0
    time_limit_s: Annotated[float, Meta(gt=0, description="Time a function may take for one frame")] = 30.0
    stall_s: Annotated[
        float, Meta(gt=0, description="A stage that does none of its waiting records for so long more starts anew")
    ] = 15.0
    max_record_bytes: Annotated[int, Meta(ge=65_536, le=4_000_000, description="Largest record")] = 2 * 1024 * 1024
    partitions: Annotated[int, Meta(ge=1, description="Partitions of a topic that is made")] = 16
    replication: Annotated[int, Meta(ge=1, description="Replicas of a topic that is made")] = 1
    retention_s: Annotated[float, Meta(gt=0, description="How long a topic keeps records")] = 600.0
    retention_bytes: Annotated[int, Meta(ge=1, description="How much a topic keeps a partition")] = 256 * 1024 * 1024
    data_dir: Annotated[str, Meta(min_length=1, description="Folder for a worker's own files")] = str(
        Path(tempfile.gettempdir()) / "imagebus"
    )
    web_host: Annotated[str, Meta(min_length=1, description="Address of a worker's own pages")] = "127.0.0.1"
    web_port: Annotated[int, Meta(ge=0, le=65535, description="Port of a worker's own pages; 0 is a free one")] = 0
    log: Annotated[Literal["text", "json"], Meta(description="Log lines: text, or json, one object a line")] = "text"


def load(environ: Mapping[str, str] = os.environ) -> Settings:
    """The settings as the environment gives them. Raises SettingError."""
    given = {name: environ[variable] for name in fields() if (variable := variable_of(name)) in environ}
    if url := given.get("kafka_url"):
        given["kafka_url"] = _brokers(url)
    try:
        return msgspec.convert(given, Settings, strict=False, dec_hook=lambda kind, text: kind(text))
    except msgspec.ValidationError as error:
        message, _, path = str(error).partition(" - at `$.")
        name = path.rstrip("`")
        raise SettingError(f"{variable_of(name)}={given[name]!r}: {message}") from None


def _brokers(url: str) -> str:
    """`host:port,…`, also of what is written kafka://host:port. Raises SettingError for another kind of URL."""
    brokers = [name.removeprefix("kafka://").rstrip("/") for name in names(url)]
    if not brokers or any(not broker or "/" in broker or "@" in broker for broker in brokers):
        raise SettingError("KAFKA_URL: expected brokers as host:port,host:port, or kafka://host:port, got another URL")
    return ",".join(brokers)


def fields() -> tuple[str, ...]:
    """The names of all settings."""
    return Settings.__struct_fields__


def variable_of(name: str) -> str:
    """The environment variable of a setting."""
    return name.upper() if name.startswith("kafka_") else f"IMAGEBUS_{name.upper()}"


def names(text: str) -> tuple[str, ...]:
    """The words of a comma-separated setting."""
    return tuple(word.strip() for word in text.split(",") if word.strip())
