"""Networks run in the arithmetic in which a host is quickest, where that adds up."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from functions.models import precision
from functions.models.openvino_net import EIGHT_BITS, EXACT, preferred_precision
from functions.models.precision import least_s, measured_net, quick_precision, quicker
from tests.functions.conftest import processor_adds_up
from tests.processes import PROJECT

_TOLD = """
from functions.models.precision import quicker
from tests.functions.conftest import processor_adds_up
print(processor_adds_up(), quicker("int8"))
"""


@pytest.mark.parametrize(
    ("shares", "taken"),
    [
        ({"bf16": 0.45}, "bf16"),
        ({"bf16": 0.85}, "bf16"),
        ({"bf16": 0.95}, EXACT),
        ({"bf16": 1.5}, EXACT),
        ({"bf16": 1.5, EIGHT_BITS: 0.6}, EIGHT_BITS),
        ({"bf16": 0.5, EIGHT_BITS: 0.48}, "bf16"),
        ({"bf16": 0.5, EIGHT_BITS: 0.4}, EIGHT_BITS),
        ({EIGHT_BITS: 0.95}, EXACT),
    ],
)
def test_short_arithmetic_is_taken_where_it_takes_less_time(
    monkeypatch: pytest.MonkeyPatch, shares: dict[str, float], taken: str
) -> None:
    took = {EXACT: 0.004} | {each: 0.004 * share for each, share in shares.items()}
    monkeypatch.setattr(precision, "measured_net", str)
    monkeypatch.setattr(precision, "least_s", lambda nets: [took[each] for each in nets])
    monkeypatch.setattr(precision, "adds_up", lambda exact, eight_bits: True)
    assert quicker(*shares) == taken


def test_it_is_measured_on_this_processor() -> None:
    assert all(0 < seconds < 5 for seconds in least_s([measured_net(EXACT), measured_net(preferred_precision("CPU"))]))
    assert {quick_precision("CPU"), quick_precision("AUTO")} <= {EXACT, preferred_precision("CPU")}
    assert quick_precision("CPU", EIGHT_BITS) in {EXACT, preferred_precision("CPU"), EIGHT_BITS}


def test_eight_bits_are_not_taken_where_sums_of_them_are_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(precision, "adds_up", lambda exact, eight_bits: False)
    assert quicker(EIGHT_BITS) == EXACT


def test_a_processor_without_the_instruction_is_told_by_its_answer() -> None:
    """OpenVINO's convolutions can be told to leave out what came after the first processors with AVX-512."""
    if "avx512_vnni" not in Path("/proc/cpuinfo").read_text():
        pytest.skip("this processor has no AVX-512 to leave a part of out")
    for least, said in (("AVX512_CORE", "False f32"), ("AVX512_CORE_VNNI", "True")):
        told = subprocess.run(
            [sys.executable, "-c", _TOLD],
            env={**os.environ, "ONEDNN_MAX_CPU_ISA": least},
            cwd=PROJECT,
            capture_output=True,
            text=True,
            check=True,
        )
        assert told.stdout.startswith(said)
    assert processor_adds_up()


def test_where_there_is_none_nothing_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(precision, "preferred_precision", lambda device: EXACT)
    monkeypatch.setattr(precision, "least_s", None)
    assert precision.quick_precision("GPU") == EXACT
    assert precision.quicker() == EXACT
