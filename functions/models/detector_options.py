"""Options that detectors share."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

Confidence = Annotated[float, Meta(ge=0.01, le=1, description="Leave out what is less sure than this")]
Labels = Annotated[tuple[str, ...], Meta(description="Find only these; none is all that the model knows")]
Tiles = Annotated[str, Meta(pattern="^[1-8]x[1-8]$", description="Look at overlapping parts: columns x rows")]
