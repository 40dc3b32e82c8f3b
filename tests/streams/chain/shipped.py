"""The chain that ships, with more sections."""

from __future__ import annotations

from pathlib import Path

from streams.chain import types as chains
from streams.chain.check import check
from streams.chain.function_options import registered
from streams.chain.types import Chain
from streams.settings import Settings


def checked(tmp_path: Path, more: str) -> Chain:
    """It with these sections behind its own. Raises ChainError where it cannot run."""
    file = tmp_path / "chain.toml"
    file.write_text(f"{chains.DEFAULT.read_text()}\n{more}")
    chain = chains.load(file)
    check(chain, registered(Settings()))
    return chain
