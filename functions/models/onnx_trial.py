"""Which family a network is of: by its outputs' shapes, by what its file says, by what it does with a picture."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from functions.core.labels import COCO
from functions.geometry.boxes import Floats
from functions.models.families import FAMILIES, Claims, Family, InputSpec, Reading
from functions.models.families.family import Shape
from functions.models.openvino_net import Network
from functions.models.weights import WeightsError


@dataclass(frozen=True)
class Recognised:
    """A family, the way to read its outputs, and the network with its pixels."""

    name: str
    family: Family
    reading: Reading
    net: Network


@dataclass(frozen=True)
class Trial:
    """What is known of a file before it runs; `family` is empty where its user says none."""

    path: Path
    shapes: Sequence[Shape]
    spec: InputSpec
    claims: Claims
    family: str
    network: Callable[[Family], Network]

    def recognised(self) -> Recognised:
        """The one way to read the outputs that fits. Raises WeightsError where there is none, or are several."""
        misfits: list[str] = []
        fitting = list(self._fitting(misfits))
        usual = [each for each in fitting if each.reading.classes == len(COCO)]
        chosen = fitting if self.claims.names or len(usual) != 1 else usual
        if not chosen:
            raise WeightsError(self._refusal(misfits))
        if len(chosen) > 1:
            ways = " or ".join(f"those of {each.name} with {each.reading.classes} classes" for each in chosen)
            how = "say which with `family`, or name its classes in `labels_file`"
            raise WeightsError(f"Model {self.path}: its outputs may be {ways}; {how}")
        return chosen[0]

    def _fitting(self, misfits: list[str]) -> Iterator[Recognised]:
        for name, family in FAMILIES.items():
            if self.family not in ("", name):
                continue
            readings = list(family.readings(self.shapes, self.spec.input_wh, self.claims))
            counted = [each for each in readings if not self._miscount(each)]
            misfits += [f"{name}: {self._miscount(each)}" for each in readings if each not in counted]
            if not counted:
                continue
            net = self.network(family)
            made = [_run(net, picture) for picture in _made_pictures(self.spec)]
            for each in counted:
                problems = [problem for outputs in made if (problem := _misfit(each, outputs, self.spec))]
                if problems:
                    misfits.append(f"{name}: {problems[0]}")
                else:
                    yield Recognised(name, family, each, net)

    def _miscount(self, reading: Reading) -> str | None:
        named = len(self.claims.names)
        if not reading.classes:
            return "its classes have no names; put them into `labels_file`"
        return (
            f"expected {reading.classes} names, one for each class, got {named}"
            if named not in (0, reading.classes)
            else None
        )

    def _refusal(self, misfits: Sequence[str]) -> str:
        if misfits:
            return f"Model {self.path} is not what it says: {'; '.join(dict.fromkeys(misfits))}"
        known = "; ".join(f"{name}: {each.outputs}" for name, each in FAMILIES.items() if self.family in ("", name))
        got = ", ".join(map(str, self.shapes))
        return f"Model {self.path}: expected the outputs of a detector ({known}), got {got}"


def check_numbers(path: Path, outputs: Sequence[Floats]) -> None:
    """Refuse what is not a number: it would pass for nothing found. Raises WeightsError."""
    if any(np.isnan(output.max(initial=0)) for output in outputs):
        raise WeightsError(f"Model {path}: expected numbers as its outputs, got NaN")


def _misfit(reading: Reading, outputs: Sequence[Floats], spec: InputSpec) -> str | None:
    if any(not np.isfinite(output).all() for output in outputs):
        return "expected finite numbers as its outputs, got others"
    return reading.misfit(outputs, spec)


def _run(net: Network, picture: np.ndarray) -> list[Floats]:
    return [output.copy() for output in net(picture)]


def _made_pictures(spec: InputSpec) -> Iterator[np.ndarray]:
    """Noise, and grey."""
    width, height = spec.input_wh
    yield np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)
    yield np.full((height, width, 3), 128, np.uint8)
