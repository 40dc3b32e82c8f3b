"""`make audit`: whether what constraints.txt pins has known flaws, and whether what is installed fits together."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement

PROJECT = Path(__file__).resolve().parents[1]
# A service that is not there is asked no longer than this.
_PATIENCE_S = 120


def main() -> int:
    """Print what was found; 1 where something has to be done."""
    unmet = conflicts(_said("pip", "check")[0])
    flaws, unknown = flaws_of(*_said("pip_audit", "-f", "json", "--disable-pip", "-r", "constraints.txt"))
    for line in (*unmet, *flaws, f"Not audited: {unknown}" if unknown else "Audited: all that constraints.txt pins"):
        print(line)
    return 1 if unmet or flaws else 0


def conflicts(said: str) -> list[str]:
    """What `pip check` says, without those that are installed although their needs cannot be met."""
    lines = (PROJECT / "requirements-nodeps.txt").read_text("utf-8").splitlines()
    alone = {Requirement(line).name for line in lines if line and not line.startswith("#")}
    return [line for line in said.splitlines() if " requires " in line and line.split()[0] not in alone]


def flaws_of(said: str, error: str) -> tuple[list[str], str]:
    """A line a flaw, and why the rest could not be looked up: empty where all were."""
    if not said.lstrip().startswith("{"):
        return [], f"the service does not answer ({error.strip().rpartition(chr(10))[2]})"
    packages: list[dict[str, Any]] = json.loads(said)["dependencies"]
    flaws = [
        f"{package['name']} {package['version']}: {flaw['id']}, mended in {', '.join(flaw['fix_versions']) or 'none'}"
        for package in packages
        for flaw in package.get("vulns", [])
    ]
    skipped = [package["skip_reason"] for package in packages if "skip_reason" in package]
    return flaws, f"{len(skipped)} of {len(packages)} packages ({skipped[0]}, …)" if skipped else ""


def _said(module: str, *arguments: str) -> tuple[str, str]:
    """Both streams of a Python program; its exit code does not tell a flaw from a service that is away."""
    command = [sys.executable, "-m", module, *arguments]
    try:
        done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, timeout=_PATIENCE_S, check=False)
    except subprocess.TimeoutExpired:
        return "", f"no answer within {_PATIENCE_S} s"
    return done.stdout, done.stderr


if __name__ == "__main__":
    sys.exit(main())
