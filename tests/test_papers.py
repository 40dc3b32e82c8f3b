"""What is written beside the code says what the code does."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import click
import msgspec
import pytest
import yaml

from streams import records
from streams.chain import TopicConf, load
from streams.cli import imagebus
from streams.settings import Settings, variable_of
from tests.processes import PROJECT

SETTINGS = msgspec.structs.fields(Settings)


def _read(name: str) -> str:
    return (PROJECT / name).read_text(encoding="utf-8")


def _default(setting: msgspec.structs.FieldInfo) -> str:
    # The one default that differs between machines: below the system's temporary folder.
    return "/tmp/imagebus" if setting.name == "data_dir" else str(setting.default)


def _described(setting: msgspec.structs.FieldInfo) -> str:
    return str(setting.type.__metadata__[0].description)


def test_the_readme_lists_every_setting_with_its_default() -> None:
    rows = re.findall(r"^\| `((?:IMAGEBUS_|KAFKA_)\w+)` \| (?:`(.+?)`|-) \| (.+) \|$", _read("README.md"), re.M)
    wanted = [(variable_of(s.name), _default(s), _described(s)) for s in SETTINGS]
    assert [(name, default, text[0].upper() + text[1:]) for name, default, text in rows] == wanted


def test_the_example_environment_lists_every_setting_with_its_default() -> None:
    entries = re.findall(r"^# (.+)\n#(\w+)=(.*)$", _read(".env.example"), re.M)
    assert entries == [(_described(s), variable_of(s.name), _default(s)) for s in SETTINGS]


def test_the_readme_names_every_command() -> None:
    named = set(re.findall(r"^\| `imagebus (\w+)", _read("README.md"), re.M))
    assert named == set(imagebus.list_commands(click.Context(imagebus)))


def test_the_wire_format_names_every_field_and_limit() -> None:
    text = _read("docs/wire-format.md")
    for struct in (records.Record, records.WireDetection, records.WireHop, records.WireRedaction):
        for field in struct.__struct_fields__:
            assert f"`{field}`" in text
    limits = (records.MAX_RECORD_BYTES, records.MAX_SIDE, records.MAX_PIXELS, records.MAX_DETECTIONS, records.MAX_HOPS)
    for limit in limits:
        assert f"{limit:,}" in text
    assert f"at most {records.MAX_SCANS} scans" in text


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(_read("docker-compose.yml"))
    return loaded


def test_compose_services_are_healthy_restarted_and_bounded(compose: dict[str, Any]) -> None:
    services = compose["services"]
    assert set(services) == {"kafka", "worker", "viewer", "producer"}
    assert all(service["restart"] == "unless-stopped" for service in services.values())
    assert all("healthcheck" in services[name] for name in ("kafka", "worker", "viewer"))
    assert all(volume.split(":")[0] in compose["volumes"] for s in services.values() for volume in s.get("volumes", []))
    assert services["producer"]["profiles"] == ["example"]
    assert int(services["kafka"]["environment"]["KAFKA_MESSAGE_MAX_BYTES"]) > records.MAX_RECORD_BYTES


def test_compose_publishes_on_loopback_only(compose: dict[str, Any]) -> None:
    ports = [port for service in compose["services"].values() for port in service.get("ports", [])]
    assert ports
    assert all(port.startswith("127.0.0.1:") for port in ports)


def test_the_default_chain_marks_the_redacted_topic_and_no_other() -> None:
    assert load().topics == {"REDACTION_FRAME": TopicConf(redacted=True)}


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "docs/wire-format.md"])
def test_links_lead_to_files_that_are_there(page: str) -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]+)\)", _read(page))
    assert [link for link in links if not (PROJECT / Path(page).parent / link).exists()] == []
