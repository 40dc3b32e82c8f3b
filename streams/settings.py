"""All settings in one typed object, read from the environment: `KAFKA_URL` and `IMAGEBUS_*`."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from functions.errors import UsageError

_KAFKA = "KAFKA_URL"


class SettingError(UsageError):
    """A setting's value does not fit; the text names the variable, what was expected and what came."""


class Settings(Struct, frozen=True, kw_only=True):
    """What may be set, each by IMAGEBUS_ and its name in capitals (`kafka_url` by KAFKA_URL)."""

    kafka_url: Annotated[str, Meta(min_length=1, description="Brokers, `host:port,…`")] = "127.0.0.1:9092"
    chain: Annotated[str, Meta(description="Chain file; empty is the one that ships")] = ""
    stages: Annotated[str, Meta(description="Stages this worker runs, `a,b`; empty is all of the chain")] = ""
    functions: Annotated[str, Meta(description="Modules with functions of your own, `a.b,c`")] = ""
    models: Annotated[str, Meta(min_length=1, description="Folder of models that were fetched")] = str(
        Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "imagebus" / "models"
    )
    threads: Annotated[int, Meta(ge=0, description="Threads a stage; 0 is one a core")] = 0
    window: Annotated[int, Meta(ge=1, description="Records a stage holds at once")] = 16
    max_age_s: Annotated[float, Meta(gt=0, description="Live frames older than this on the bus are skipped")] = 2.0
    time_limit_s: Annotated[float, Meta(gt=0, description="Time a function may take for one frame")] = 30.0
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


def load(environ: Mapping[str, str] = os.environ) -> Settings:
    """The settings as the environment gives them. Raises SettingError."""
    given = {name: environ[variable] for name in fields() if (variable := variable_of(name)) in environ}
    try:
        return msgspec.convert(given, Settings, strict=False)
    except msgspec.ValidationError as error:
        message, _, path = str(error).partition(" - at `$.")
        name = path.rstrip("`")
        raise SettingError(f"{variable_of(name)}={given[name]!r}: {message}") from None


    stall_s: Annotated[
        float, Meta(gt=0, description="A stage that does none of its waiting records for so long more starts anew")
    ] = 15.0
def fields() -> tuple[str, ...]:
    """The names of all settings."""
    return Settings.__struct_fields__


def variable_of(name: str) -> str:
    """The environment variable of a setting."""
    return _KAFKA if name == "kafka_url" else f"IMAGEBUS_{name.upper()}"


    log: Annotated[Literal["text", "json"], Meta(description="Log lines: text, or json, one object a line")] = "text"
def names(text: str) -> tuple[str, ...]:
    """The words of a comma-separated setting."""
    return tuple(word.strip() for word in text.split(",") if word.strip())
