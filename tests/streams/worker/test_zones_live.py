"""Zones of the chain file take effect while a worker runs; what does not says that it wants a restart."""

from __future__ import annotations

from pathlib import Path

from streams.wire import records
from tests.bus import consume, length
from tests.streams.chains import ZONES_CHAIN, environment, wait_ready, worker
from tests.streams.producing import producer
from tests.wait import wait_until

# What moves is found, and covered.
CHAIN = ZONES_CHAIN.replace("detect_stub", "detect_motion").replace("options = {", 'options = { labels = ["motion"],')
ALL_OF_IT = "[zones.yard]\ncover = [[[0, 0], [1, 0], [1, 1], [0, 1]]]\n"


def _covered(url: str) -> float:
    """Of the newest redacted frame."""
    last = consume(url, "REDACTION_FRAME", length(url, "REDACTION_FRAME"))[-1]
    done = records.decode(last.value()).redaction
    assert done is not None
    return done.covered


def test_zones_take_effect_while_the_worker_runs(embedded: str, clip: Path, tmp_path: Path) -> None:
    env = environment(embedded, tmp_path, CHAIN)
    chain = tmp_path / "chain.toml"
    with worker(env) as process, producer(embedded, clip, "-n", "yard", "-f", 5, "--realtime", "--loop"):
        wait_ready(process, "detect", "redact")
        wait_until(lambda: length(embedded, "REDACTION_FRAME") > 2, 60, "frames")
        assert _covered(embedded) < 0.9

        chain.write_text(CHAIN + ALL_OF_IT.replace("1, 1", "320, 1"))
        process.wait_for_line("Nothing is changed, since the chain file does not check: .*expected shares")
        chain.write_text(CHAIN + ALL_OF_IT)
        process.wait_for_line("The zones of the chain file have changed and are in force")
        wait_until(lambda: _covered(embedded) == 1.0, 60, "all covered")

        chain.write_text(CHAIN.replace("hold_s = 0.0", "hold_s = 1.0") + ALL_OF_IT)
        process.wait_for_line("changed in more than zones and cameras: that wants a restart")
