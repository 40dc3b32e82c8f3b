"""A worker's own pages, as a test asks for them."""

from __future__ import annotations

import re
import urllib.error
import urllib.request
from collections.abc import Mapping

from prometheus_client.parser import text_string_to_metric_families

from tests.processes import Process


def ask(process: Process, path: str) -> tuple[int, str]:
    """Status and body of one of its pages."""
    address = re.search(r"http://127\.0\.0\.1:\d+", process.wait_for_line(r"web\s.*http://127"))
    assert address
    return get(address[0] + path)


def get(url: str, headers: Mapping[str, str] | None = None) -> tuple[int, str]:
    """Status and body of a page."""
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=dict(headers or {})), timeout=5) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def metrics(process: Process) -> dict[tuple[str, ...], float]:
    """What a worker tells Prometheus: values by name and labels."""
    return parsed(ask(process, "/metrics")[1])


def parsed(text: str) -> dict[tuple[str, ...], float]:
    """Prometheus's text format: values by name and labels, whose names are in alphabetical order."""
    samples = (sample for family in text_string_to_metric_families(text) for sample in family.samples)
    return {(sample.name, *sample.labels.values()): sample.value for sample in samples}
