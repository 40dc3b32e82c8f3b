"""Stages of a worker have one way to decode, by which they share pixels; one by itself has nobody to share with."""

from __future__ import annotations

from pathlib import Path

from streams import settings
from streams.app import stage_app
from streams.chain import types as chains
from streams.worker.process import worker_of
from streams.worker.stage_worker import StageWorker
from tests.streams.chains import environment


def ways_to_decode(folder: Path, *names: str) -> set[object]:
    """Those of a worker of these stages."""
    env = environment("kafka://127.0.0.1:1", folder)
    chain = chains.load(env["IMAGEBUS_CHAIN"])
    worker = worker_of({name: chain.stages[name] for name in names}, stage_app, chain, settings.load(env))
    stages = [stage for stage in worker.stages if isinstance(stage, StageWorker)]
    assert len(stages) == len(names)
    return {stage.stage.work.decode for stage in stages}


def test_stages_of_a_worker_share_what_they_decode(tmp_path: Path) -> None:
    (way,) = ways_to_decode(tmp_path, "detect", "annotate", "redact")
    assert way is not None


def test_a_stage_by_itself_shares_nothing(tmp_path: Path) -> None:
    assert ways_to_decode(tmp_path, "redact") == {None}
