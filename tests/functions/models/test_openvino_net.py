"""Networks run where they are told to, once a process, and say in one line why they cannot."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier, Semaphore

import numpy as np
import pytest

from functions.core.errors import UsageError
from functions.core.per_process import per_process
from functions.core.registry import load
from functions.models.openvino_net import (
    EXACT,
    InputForm,
    Network,
    check_device,
    read_graph,
    read_onnx,
)
from functions.models.precision import quick_precision
from functions.models.weights import WeightsError
from tests.functions.models.tiny_onnx import write


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    return write(tmp_path / "tiny.onnx", np.arange(6).reshape(1, 6))


@pytest.mark.parametrize("detector", ["detect_people", "detect_faces", "detect_objects", "detect_onnx"])
def test_a_device_that_is_not_there_is_an_error_that_names_those_that_are(detector: str) -> None:
    """No machine that runs these tests has an NPU; where one has, this is where to say so."""
    spec = load()[detector]
    with pytest.raises(UsageError, match=r"Device NPU: expected one that OpenVINO finds .* one of CPU, .*AUTO"):
        spec.prepare(spec.validate({"device": "NPU"}))
    with pytest.raises(UsageError, match=r"expected one of CPU, GPU, NPU, AUTO, got 'TPU'"):
        spec.validate({"device": "TPU"})


@pytest.mark.parametrize("device", ["CPU", "AUTO"])
def test_a_network_runs_on_the_devices_that_are_everywhere(device: str, tiny: Path) -> None:
    check_device(device)  # type: ignore[arg-type]
    form = InputForm((64, 64), scale=255)
    net = Network("tiny", read_onnx(tiny), form, device, quick_precision(device))  # type: ignore[arg-type]
    (output,) = net(np.zeros((64, 64, 3), np.uint8))
    assert output.tolist() == [[0, 1, 2, 3, 4, 5]]


def test_a_network_is_shared_by_threads_each_with_outputs_of_its_own(tmp_path: Path) -> None:
    """The output is the mean of the picture: of no other thread's."""
    path = write(tmp_path / "mean.onnx", np.zeros((1, 1, 1, 1)), adds_mean=True)
    net = Network("mean", read_onnx(path), InputForm((64, 64)), "CPU", EXACT)
    all_have_theirs = Barrier(8)

    def said(value: int) -> bool:
        output = net(np.full((64, 64, 3), value, np.uint8))[0]
        all_have_theirs.wait(30)
        return float(output.item()) == value

    with ThreadPoolExecutor(8) as threads:
        assert all(threads.map(said, [*range(200)]))


def test_files_that_are_cut_or_of_another_kind_are_refused_in_one_line(tmp_path: Path, tiny: Path) -> None:
    cut, text = tmp_path / "cut.onnx", tmp_path / "notes.onnx"
    cut.write_bytes(tiny.read_bytes()[:50])
    text.write_text("no model\n")
    for path in (cut, text, tmp_path / "none.onnx"):
        with pytest.raises(WeightsError, match=r"expected an ONNX file, got one that does not load: \S") as refused:
            read_onnx(path)
        assert "\n" not in str(refused.value)
    with pytest.raises(WeightsError, match=r"expected a frozen graph of TensorFlow, got one that does not load: \S"):
        read_graph(text, "in:0", (1, 2, 2, 3), ["out:0"])


def test_what_a_process_keeps_is_made_once_whatever_the_threads() -> None:
    made = []
    ask = Semaphore(0)

    def make(name: str) -> str:
        assert made or all(ask.acquire(timeout=30) for _ in range(8))  # not before all have asked
        made.append(name)
        return name

    kept = per_process(make, at_most=2)

    def asked(name: str) -> str:
        ask.release()
        return kept(name)

    with ThreadPoolExecutor(8) as threads:
        assert set(threads.map(asked, ["a"] * 8)) == {"a"}
    assert made == ["a"]
    assert [kept("b"), kept("c"), kept("a")] == ["b", "c", "a"]
    assert made == ["a", "b", "c", "a"]


def test_what_could_not_be_made_is_tried_again() -> None:
    answers = iter([ValueError("not yet"), "made"])

    def make() -> str:
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    kept = per_process(make)
    with pytest.raises(ValueError, match="not yet"):
        kept()
    assert kept() == "made"
