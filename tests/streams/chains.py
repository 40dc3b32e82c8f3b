"""Small chains for tests, as environment for the processes that run them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from tests.processes import PROJECT, Process

FUNCTIONS = "tests.stub_functions"

STUB_CHAIN = """
[stages.detect]
function = "detect_stub"
input = "SOURCE_FRAME"
output = "IMAGEAI_FRAME"

[stages.annotate]
function = "annotate"
input = "IMAGEAI_FRAME"
output = "ANNOTATED_FRAME"

[stages.redact]
function = "redact"
input = "IMAGEAI_FRAME"
output = "REDACTION_FRAME"

[topics.REDACTION_FRAME]
redacted = true
"""

# Nothing moves and nobody is held: what is covered beyond those that are found is drawn.
ZONES_CHAIN = """
[stages.detect]
function = "detect_stub"
input = "SOURCE_FRAME"
output = "IMAGEAI_FRAME"
[stages.redact]
function = "redact"
input = "IMAGEAI_FRAME"
output = "REDACTION_FRAME"
options = { motion = false, hold_s = 0.0, look_ahead_s = 0.0 }
[topics.REDACTION_FRAME]
redacted = true
"""


def environment(url: str, folder: Path, chain: str = STUB_CHAIN, **settings: object) -> dict[str, str]:
    """The settings of a process on this broker that runs this chain; `settings` as in streams/settings.py."""
    path = folder / "chain.toml"
    path.write_text(chain)
    given = {f"IMAGEBUS_{name.upper()}": str(value) for name, value in settings.items()}
    return {
        "KAFKA_URL": url,
        "IMAGEBUS_CHAIN": str(path),
        "IMAGEBUS_FUNCTIONS": FUNCTIONS,
        "IMAGEBUS_DATA_DIR": str(folder / "data"),
        "PYTHONPATH": str(PROJECT),
        **given,
    }


def worker(env: Mapping[str, str], *stages: str) -> Process:
    """A worker of these stages, or of the whole chain."""
    chosen = {"IMAGEBUS_STAGES": ",".join(stages)} if stages else {}
    return Process(["faust", "-A", "streams", "worker", "-l", "info"], {**env, **chosen})


def wait_ready(process: Process, *stages: str, timeout_s: float = 120) -> None:
    """Back when each of these stages has said that it is ready."""
    for stage in stages or ("detect", "annotate", "redact"):
        process.wait_for_line(f"Stage {stage}: is ready", timeout_s)
