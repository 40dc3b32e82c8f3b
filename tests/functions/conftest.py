"""What tests of functions stand on."""

from __future__ import annotations

import pytest

from functions.models.openvino_net import EIGHT_BITS, EXACT
from functions.models.precision import adds_up, measured_net


@pytest.fixture(scope="session")
def eight_bits() -> None:
    """A processor that can: no other is asked to look in eight bits."""
    if not processor_adds_up():
        pytest.skip("this processor does not add products of eight bits in full")


def processor_adds_up() -> bool:
    return adds_up(measured_net(EXACT), measured_net(EIGHT_BITS))
