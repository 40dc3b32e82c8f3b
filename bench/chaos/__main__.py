"""`make chaos [ONLY="name …"]`: every scenario on three brokers, as a table and as JSON."""

from __future__ import annotations

import json
import os
import sys
import time
from dataclasses import asdict
from pathlib import Path

from bench.chaos import brokers, hosts, network, pictures, workers  # noqa: F401
from bench.chaos.cluster import Cluster, cluster
from bench.chaos.run import Outcome
from bench.chaos.scenario import SCENARIOS, NotPossible, Scenario
from tests import kafka_node

OUT = Path(__file__).parents[1] / "out" / "chaos.json"
_COLUMNS = ("records", "lost", "exposed", "dead", "repeats", "disorder", "delay s", "back s", "limit s")


def main() -> int:
    """Play the scenarios named, or all; 1 where one has not passed."""
    wanted = sys.argv[1:] or list(SCENARIOS)
    if unknown := [name for name in wanted if name not in SCENARIOS]:
        print(f"chaos: expected some of {', '.join(SCENARIOS)}, got {', '.join(unknown)}", file=sys.stderr)
        return 2
    kafka_node.require()
    assert pictures.shows_a_person(pictures.picture().jpeg), "Expected a picture before redaction to show a person"
    print(f"{'scenario':<74}" + "".join(f"{name:>9}" for name in _COLUMNS), flush=True)
    with cluster() as kafka:
        outcomes = {name: _play(SCENARIOS[name], kafka) for name in wanted}
    OUT.parent.mkdir(exist_ok=True)
    OUT.write_text(json.dumps(outcomes, indent=1) + "\n")
    return 0 if all(outcome["passed"] for outcome in outcomes.values()) else 1


def _play(scenario: Scenario, kafka: Cluster) -> dict[str, object]:
    began = time.monotonic()
    try:
        outcome = scenario.play(kafka)
    except NotPossible as error:
        print(f"{scenario.what:<74} not played: {error}", flush=True)
        return {"passed": True, "not_played": str(error)}
    except AssertionError as error:
        print(f"{scenario.what:<74} failed: {error}", flush=True)
        return {"passed": False, "error": str(error)}
    passed = scenario.passed(outcome)
    print(f"{scenario.what:<74}{_row(outcome, scenario.limit_s)}{'' if passed else '  FAILED'}", flush=True)
    took_s = round(time.monotonic() - began)
    return {"passed": passed, "limit_s": scenario.limit_s, "took_s": took_s, "load": os.getloadavg()[0]} | asdict(
        outcome
    )


def _row(outcome: Outcome, limit_s: float) -> str:
    values = (
        outcome.records,
        outcome.lost,
        outcome.exposed,
        outcome.dead,
        outcome.repeats,
        outcome.out_of_order,
        outcome.longest_delay_s,
        outcome.recovery_s,
        limit_s,
    )
    return "".join(f"{value:>9}" for value in values)


if __name__ == "__main__":
    sys.exit(main())
