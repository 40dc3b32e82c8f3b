"""Things are found with any ONNX model of a known family, and what is none is said in one sentence."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bench.scoring import score
from bench.truth import read_frames, read_truth
from functions import Frame
from functions.core.errors import UsageError
from functions.core.registry import load
from functions.detect_objects import detect_objects
from functions.detect_onnx import detect_onnx
from functions.models import catalogue

TWIN = {"anchors": "116,90 156,198 373,326 30,61 62,45 59,119", "input_size": 416, "minimum_confidence": 0.5}


@pytest.fixture(autouse=True)
def fetched(data: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder of fetched models."""
    before = catalogue._Folder.path
    catalogue.use_folder(data / "models")
    yield data / "models"
    catalogue.use_folder(before)


@pytest.fixture
def street(data: Path, clip: Path) -> dict[int, Frame]:
    return dict(read_frames(clip, read_truth(data / "vtest-truth.csv", every=10)))


def test_yolox_finds_the_people_on_a_street(data: Path, street: dict[int, Frame]) -> None:
    found = {number: detect_objects(frame, labels=("person",)).detections for number, frame in street.items()}
    reached = score(read_truth(data / "vtest-truth.csv", every=10), found, (768, 576))
    assert reached.recall >= 0.88
    assert reached.coverage >= 0.86


def test_tiny_yolov3_finds_the_people_it_was_trained_on(data: Path, fetched: Path, street: dict[int, Frame]) -> None:
    model = str(fetched / "tiny-yolov3-vtest.onnx")
    found = {number: detect_onnx(frame, model=model, **TWIN).detections for number, frame in street.items()}
    reached = score(read_truth(data / "vtest-truth.csv", every=10), found, (768, 576))
    assert reached.recall >= 0.95
    assert reached.coverage >= 0.92


def test_tiles_find_people_too_small_for_the_whole_picture(data: Path, street: dict[int, Frame]) -> None:
    wide = Frame.from_image(np.tile(street[201].image, (3, 3, 1)))
    whole, tiled = (detect_objects(wide, labels=("person",), tiles=tiles).detections for tiles in ("1x1", "auto"))
    assert len(tiled) > 2 * len(whole)
    assert max(found.xyxy[2] for found in tiled) > 2 * 768


def test_eight_threads_find_the_same_as_one(street: dict[int, Frame]) -> None:
    frames = list(street.values())[:10]
    alone = [detect_objects(frame).detections for frame in frames]
    with ThreadPoolExecutor(8) as threads:
        together = [found.detections for found in threads.map(detect_objects, frames * 4)]
    assert together == alone * 4
    assert any(alone)


def test_labels_come_from_the_model_from_a_file_or_from_coco(
    fetched: Path, street: dict[int, Frame], tmp_path: Path
) -> None:
    spec = load()["detect_onnx"]
    model = {"model": str(fetched / "yolox_nano.onnx")}
    coco = spec.findable(spec.validate(model))
    assert coco[:3] == ("person", "bicycle", "car")
    assert len(coco) == 80
    names = tmp_path / "names.txt"
    names.write_text("\n".join(["Fußgänger", *coco[1:]]))
    german = {**model, "labels_file": str(names)}
    assert spec.findable(spec.validate(german))[0] == "Fußgänger"
    assert "Fußgänger" in {found.label for found in detect_onnx(street[201], **german).detections}
    assert spec.findable(spec.validate({**model, "labels": ["CAR", "Traffic_Light"]})) == ("car", "traffic light")


def test_a_family_that_is_said_must_fit(fetched: Path, street: dict[int, Frame]) -> None:
    model = str(fetched / "yolox_nano.onnx")
    assert (
        detect_onnx(street[1], model=model, family="yolox").detections == detect_onnx(street[1], model=model).detections
    )
    with pytest.raises(
        UsageError, match=r"is not what it says: yolov8: expected confidences|expected boxes within the picture"
    ):
        detect_onnx(street[1], model=model, family="yolov8")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"model": "nowhere.onnx"}, r"Model nowhere\.onnx: expected the path of a file, or one of person-ssdlite,"),
        ({"model": "yolox-nani"}, r"did you mean yolox-nano\?"),
        ({"model": "{cut}"}, r"cut\.onnx: expected an ONNX file, got one that does not load:"),
        ({"model": "{text}"}, r"notes\.txt: expected an ONNX file, got one that does not load:"),
        (
            {"model": "{faces}"},
            r"expected the outputs of a detector \(yolov3: .*; yolox: .*; yolov8: ",
        ),
        ({"model": "{faces}"}, r"got \(1, 4420, 2\), \(1, 4420, 4\)"),
        ({"model": "{fastest}"}, r"expected the outputs of a detector .* got \(1, 85, 22, 22\)"),
        ({"model": "{yolox}", "input_size": 640}, r"expected its own input size, 416x416, got 640"),
        (
            {"model": "{tiny}", "input_size": 415},
            r"does not run on one picture of 415x415",
        ),
        (
            {"model": "{tiny}", "anchors": "1,2"},
            r"Anchors: expected three for each grid, got 1",
        ),
        (
            {"model": "{tiny}", "anchors": "1;2"},
            r"Anchors: expected `width,height width,height",
        ),
        ({"model": "{tiny}", "anchors": "1,2 3,4 5,6"}, r"Anchors: expected three for each of 2 grids, got 3"),
        ({"model": "{yolox}", "labels": ["persn"]}, r"Label 'persn': .* did you mean person\?"),
        ({"model": "{yolox}", "labels_file": "{text}"}, r"expected 80 names, one for each class, got 1"),
        ({"model": "{yolox}", "labels_file": "no.txt"}, r"Labels no\.txt: expected a text file"),
    ],
)
def test_what_cannot_run_is_said_before_the_first_frame(
    options: dict[str, Any], said: str, fetched: Path, tmp_path: Path
) -> None:
    (tmp_path / "cut.onnx").write_bytes((fetched / "yolox_nano.onnx").read_bytes()[:500_000])
    (tmp_path / "notes.txt").write_text("no model\n")
    paths = {
        "cut": tmp_path / "cut.onnx",
        "text": tmp_path / "notes.txt",
        "faces": fetched / "version-RFB-320.onnx",
        "fastest": fetched / "FastestDet.onnx",
        "yolox": fetched / "yolox_nano.onnx",
        "tiny": fetched / "tiny-yolov3-vtest.onnx",
    }
    given = {name: value.format(**paths) if isinstance(value, str) else value for name, value in options.items()}
    spec = load()["detect_onnx"]
    with pytest.raises(UsageError, match=said) as refused:
        spec.prepare(spec.validate(given))
    assert "\n" not in str(refused.value)


def test_a_model_that_was_not_fetched_says_how_to_get_it(tmp_path: Path) -> None:
    catalogue.use_folder(tmp_path)
    spec = load()["detect_objects"]
    with pytest.raises(
        UsageError, match=r"run `imagebus models fetch yolox-nano`, or put https://.* at .*yolox_nano\.onnx"
    ):
        spec.prepare(spec.validate({}))


def test_a_fetched_model_that_was_changed_is_refused(tmp_path: Path, fetched: Path) -> None:
    (tmp_path / "yolox_nano.onnx").write_bytes((fetched / "tiny-yolov3-vtest.onnx").read_bytes())
    catalogue.use_folder(tmp_path)
    with pytest.raises(UsageError, match=r"expected SHA-256 695e750a5d57.*, got 1a09e7e17840"):
        catalogue.find("yolox-nano")
