"""Cut a frozen TensorFlow graph down to what OpenCV can run: the text graph that goes with the weights."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import cv2

_NODE = re.compile(r"^node \{\n(.*?)^\}", re.MULTILINE | re.DOTALL)
_NAME = re.compile(r'^  name: "(.*?)"\n  op: "(.*?)"', re.MULTILINE)
_INPUT = re.compile(r'^  input: "(.*?)"', re.MULTILINE)
_ATTRIBUTE = re.compile(r'^  attr \{\n    key: "(.*?)"\n.*?^  \}\n', re.MULTILINE | re.DOTALL)
_KEPT = frozenset({"strides", "padding", "dilations", "epsilon", "data_format"})


@dataclass(frozen=True)
class _Node:
    name: str
    op: str
    inputs: tuple[str, ...]
    attributes: str

    def text(self) -> str:
        inputs = "".join(f'  input: "{name}"\n' for name in self.inputs)
        return f'node {{\n  name: "{self.name}"\n  op: "{self.op}"\n{inputs}{self.attributes}}}\n'


@cache
def text_graph(weights: Path, skipped_prefix: str, image: str, outputs: Sequence[str]) -> str:
    """The layers that lead from the node `image` to `outputs`, as text.

    Nodes whose names begin with `skipped_prefix` prepare the picture: the image takes their place.
    """
    nodes = [_skip(node, skipped_prefix, image) for node in _without_identities(_read(weights))]
    needed = set(outputs)
    for node in reversed(nodes):  # inputs stand before the nodes that use them
        if node.name in needed:
            needed.update(node.inputs)
    layers = [node for node in nodes if node.name in needed and node.op not in ("Const", "Placeholder")]
    return "".join(node.text() for node in (_Node(image, "Placeholder", (), ""), *layers))


def _read(weights: Path) -> list[_Node]:
    with tempfile.NamedTemporaryFile("r", suffix=".pbtxt") as file:
        cv2.dnn.writeTextGraph(str(weights), file.name)
        text = file.read()
    return [_node(found[1]) for found in _NODE.finditer(text)]


def _node(block: str) -> _Node:
    ((name, op),) = _NAME.findall(block)
    kept = (found[0] for found in _ATTRIBUTE.finditer(block) if found[1] in _KEPT)
    return _Node(name, op, tuple(_INPUT.findall(block)), "".join(kept))


def _without_identities(nodes: list[_Node]) -> list[_Node]:
    """The same graph with each Identity's input in its place."""
    real: dict[str, str] = {}
    for node in nodes:
        if node.op == "Identity":
            real[node.name] = real.get(node.inputs[0], node.inputs[0])
    return [
        replace(node, inputs=tuple(real.get(name, name) for name in node.inputs))
        for node in nodes
        if node.op != "Identity"
    ]


def _skip(node: _Node, prefix: str, image: str) -> _Node:
    return replace(node, inputs=tuple(image if name.startswith(prefix) else name for name in node.inputs))
