"""What ImageAI's models are tried with: weights trained on a street, and the street."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest

from bench.truth import read_frames, read_truth
from functions import Frame
from tests.missing import missing


@pytest.fixture(scope="session")
def weights(data: Path) -> Path:
    if find_spec("imageai") is None or find_spec("tensorflow") is None:
        missing("ImageAI with TensorFlow", "make imageai")
    return data / "models" / "tiny-yolov3-vtest.h5"


@pytest.fixture(scope="session")
def street(data: Path) -> dict[int, Frame]:
    """Twenty frames of a street."""
    return dict(read_frames(data / "vtest.avi", read_truth(data / "vtest-truth.csv", every=20)))
