"""What is written beside the code says what the code does."""

from __future__ import annotations

import configparser
import re
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import click
import msgspec
import numpy as np
import pytest
import yaml
from setuptools import find_packages

from functions import Frame
from functions.core import jpeg, registry
from streams.chain.types import TopicConf, load
from streams.cli import imagebus
from streams.settings import Settings, variable_of
from streams.wire import alerts, counts, records
from tests.processes import PROJECT

SETTINGS = msgspec.structs.fields(Settings)


def _read(name: str) -> str:
    return (PROJECT / name).read_text(encoding="utf-8")


def _default(setting: msgspec.structs.FieldInfo, home: str = "~") -> str:
    """As written: folders of this machine under the names that most machines have."""
    return str(setting.default).replace(str(Path.home()), home).replace(tempfile.gettempdir(), "/tmp")


def _described(setting: msgspec.structs.FieldInfo) -> str:
    return str(setting.type.__metadata__[0].description)


def test_the_readme_lists_every_setting_with_its_default() -> None:
    rows = re.findall(r"^\| `((?:IMAGEBUS_|KAFKA_)\w+)` \| (?:`(.+?)`|-) \| (.+) \|$", _read("README.md"), re.M)
    wanted = [(variable_of(s.name), _default(s), _described(s)) for s in SETTINGS]
    assert [(name, default, text[0].upper() + text[1:]) for name, default, text in rows] == wanted


def test_the_example_environment_lists_every_setting_with_its_default() -> None:
    entries = re.findall(r"^# (.+)\n#(\w+)=(.*)$", _read(".env.example"), re.M)
    # Nobody expands a ~ there.
    assert entries == [(_described(s), variable_of(s.name), _default(s, home="/home/imagebus")) for s in SETTINGS]


def test_the_readme_names_every_command() -> None:
    named = set(re.findall(r"^\| `imagebus (\w+)", _read("README.md"), re.M))
    assert named == set(imagebus.list_commands(click.Context(imagebus)))


def test_the_readme_names_every_detector() -> None:
    named = set(re.findall(r"^\| `(detect_\w+)` \|", _read("README.md"), re.M))
    own = {name: spec for name, spec in registry.load().items() if spec.call.__module__.startswith("functions.")}
    assert named == {name for name, spec in own.items() if spec.labels}


def test_the_wire_format_names_every_field_and_limit() -> None:
    text = _read("docs/wire-format.md")
    kinds = (records.Record, records.WireDetection, records.WireHop, records.WireRedaction)
    for struct in (*kinds, counts.WireVisit, counts.Counted, alerts.Alert, alerts.Summary):
        for field in struct.__struct_fields__:
            assert f"`{field}`" in text
    pictures = (jpeg.MAX_SIDE, jpeg.MAX_PIXELS, jpeg.MAX_PIXELS_OF_SCANS)
    for limit in (*pictures, records.MAX_RECORD_BYTES, records.MAX_DETECTIONS, records.MAX_HOPS):
        assert f"{limit:,}" in text
    assert f"at most {jpeg.MAX_SCANS} scans" in text


def test_the_table_of_attacks_names_tests_that_are_there() -> None:
    named = re.findall(r"`(test_\w+\.py)::(test_\w+)` \|", _read("docs/viewer.md"))
    assert len(set(named)) == len(named) >= 20
    assert [
        (file, test)
        for file, test in named
        if f"def {test}(" not in next((PROJECT / "tests" / "web").rglob(file)).read_text("utf-8")
    ] == []


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(_read("docker-compose.yml"))
    return loaded


def test_compose_services_are_healthy_restarted_and_bounded(compose: dict[str, Any]) -> None:
    services = compose["services"]
    always = {"kafka", "worker", "viewer", "camera", "cameras"}
    assert set(services) == {*always, "notify", "recorder", "producer", "publish", "mediamtx"}
    assert all(service["restart"] == "unless-stopped" for service in services.values())
    assert all("healthcheck" in services[name] for name in ("kafka", "worker", "viewer", "camera"))
    assert all(volume.split(":")[0] in compose["volumes"] for s in services.values() for volume in s.get("volumes", []))
    assert services["producer"]["profiles"] == ["example"]
    assert services["publish"]["profiles"] == services["mediamtx"]["profiles"] == ["restream"]
    assert services["notify"]["profiles"] == ["notify"]
    assert int(services["kafka"]["environment"]["KAFKA_MESSAGE_MAX_BYTES"]) > records.MAX_RECORD_BYTES


def test_compose_publishes_on_loopback_only(compose: dict[str, Any]) -> None:
    ports = [port for service in compose["services"].values() for port in service.get("ports", [])]
    assert ports
    assert all(port.startswith("127.0.0.1:") for port in ports)


def test_the_default_chain_marks_the_redacted_topic_and_no_other() -> None:
    assert load().topics == {"REDACTION_FRAME": TopicConf(redacted=True)}


_DOCS = sorted(f"docs/{path.name}" for path in (PROJECT / "docs").glob("*.md"))


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", *_DOCS])
def test_links_lead_to_files_that_are_there(page: str) -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]+)\)", _read(page))
    assert [link for link in links if not (PROJECT / Path(page).parent / link).exists()] == []


def test_every_package_is_installed() -> None:
    config = configparser.ConfigParser()
    config.read(PROJECT / "setup.cfg")
    folders = [file.parent for top in ("functions", "streams", "web") for file in (PROJECT / top).rglob("*.py")]
    named = {".".join(folder.relative_to(PROJECT).parts) for folder in folders}
    include = config["options.packages.find"]["include"].split()
    assert set(find_packages(str(PROJECT), include=include)) == named


def test_every_file_of_a_package_is_installed_with_it() -> None:
    config = configparser.ConfigParser()
    config.read(PROJECT / "setup.cfg")
    (patterns,) = config["options.package_data"].values()
    for top in ("functions", "streams", "web"):
        installed = {file for pattern in patterns.split() for file in (PROJECT / top).glob(f"{pattern}/*")}
        files = {file for file in (PROJECT / top).rglob("*.*") if file.suffix not in (".py", ".pyc")}
        assert files <= installed


@pytest.fixture
def run_block(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], ModuleType]:
    """Runs a block of code of a page as the module that its first line names."""
    monkeypatch.setattr(registry, "_functions", {})

    def run(block: str) -> ModuleType:
        path = re.match(r"# (\S+)\.py", block)
        assert path
        module = ModuleType(path[1].replace("/", "."))
        monkeypatch.setitem(sys.modules, module.__name__, module)
        exec(block, vars(module))
        return module

    return run


def _blocks(page: str) -> list[str]:
    return re.findall(r"```python\n(.*?)```", _read(page), re.S)


def test_the_function_in_the_readme_runs(run_block: Callable[[str], ModuleType]) -> None:
    (block,) = _blocks("README.md")
    image = np.zeros((50, 50, 3), np.uint8)
    image[25:] = 255
    blurred = run_block(block).blur(Frame.from_image(image), strength=5).image
    assert set(np.unique(blurred[20:30])) > {0, 255}
    assert list(registry._functions) == ["blur"]


def test_the_function_in_contributing_passes_the_test_beside_it(run_block: Callable[[str], ModuleType]) -> None:
    function, test = _blocks("CONTRIBUTING.md")
    run_block(function)
    run_block(test).test_the_left_part_is_black_and_the_rest_as_it_was()
