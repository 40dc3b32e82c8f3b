"""A stage whose model cannot run says so in one line and ends with 2, before it reads a single record."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bus import length, produce
from tests.processes import IMAGEBUS, Process
from tests.streams.chains import environment
from tests.streams.frames import record


@pytest.mark.parametrize(
    ("function", "options", "said"),
    [
        ("detect_objects", "", "Model yolox-nano is not on this host: run `imagebus models fetch yolox-nano`, or put "),
        ("detect_onnx", "--model nowhere.onnx", "Model nowhere.onnx: expected the path of a file, or one of "),
        ("detect_onnx", "--model {cut}", "expected an ONNX file, got one that does not load: "),
        ("detect_onnx", "--model {faces}", "expected the outputs of a detector ("),
        (
            "detect_onnx",
            "--model {yolox} --family yolov8",
            " is not what it says: yolov8: expected boxes within the picture, ",
        ),
    ],
)
def test_nothing_is_consumed_without_the_right_weights(
    embedded: str, tmp_path: Path, data: Path, function: str, options: str, said: str
) -> None:
    models = data / "models"
    cut = tmp_path / "cut.onnx"
    cut.write_bytes((models / "yolox_nano.onnx").read_bytes()[:500_000])
    given = options.format(cut=cut, faces=models / "version-RFB-320.onnx", yolox=models / "yolox_nano.onnx")
    env = environment(embedded, tmp_path, models=tmp_path / "no-models")
    produce(embedded, "SOURCE_FRAME", "cam", record())

    with Process([*IMAGEBUS, "stage", function, *given.split()], env) as stage:
        assert stage.wait(60) == 2
        assert said in stage.text
        assert "Traceback" not in stage.text
        assert len([line for line in stage.lines if said in line]) == 1
    assert length(embedded, "IMAGEAI_FRAME") == 0
    assert length(embedded, f"DEAD_{function.upper()}") == 0
