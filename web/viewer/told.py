"""The parts of the viewer that tell of the redaction: checks, drawn zones, the last hour, and how cameras are."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import NamedTuple

from streams.chain.types import Chain
from streams.settings import Settings
from streams.zones.writer import ZonesWriter
from web.auth.guard import Guard
from web.cameras.routes import CamerasRoutes
from web.cameras.table import CamerasTable
from web.check.checks import Checks
from web.check.desk import Desk
from web.check.routes import CheckRoutes
from web.live.cameras import Cameras
from web.live.newest import NewestFrames
from web.redaction.hour import LastHour
from web.redaction.routes import RedactionRoutes
from web.viewer.pages import pages
from web.viewer.site import Routes
from web.zones.board import BoardReader, ZonesBoard
from web.zones.routes import ZonesRoutes


class Told(NamedTuple):
    """Their routes, and what has to run for them."""

    routes: list[Routes]
    hour: LastHour
    zones_reader: BoardReader


def told(settings: Settings, chain: Chain, own: Path, newest: NewestFrames, cameras: Cameras, guard: Guard) -> Told:
    """The parts for the topics that the chain's check compares; what they keep is beside `own`, by its name."""
    raw, redacted = next(((page.left, page.right) for page in pages(chain) if page.kind == "check"), (None, None))
    checks, board = Checks(own.with_name(f"{own.name}.checks")), ZonesBoard(own.with_name(f"{own.name}.zones"))
    hour = LastHour(raw, redacted, settings.sources)
    stage = next((name for name, stage in chain.stages.items() if stage.output == redacted), None)
    table = CamerasTable(chain, newest, cameras, hour, checks, board, stage)
    routes: list[Routes] = [
        ZonesRoutes(board, ZonesWriter(settings, chain), partial(_is_known, newest, cameras)),
        RedactionRoutes(hour, checks),
        CamerasRoutes(chain, table),
    ]
    if raw and redacted:
        routes.append(CheckRoutes(Desk(newest, (raw, redacted), checks), guard))
    return Told(routes, hour, BoardReader(settings, board))


def _is_known(newest: NewestFrames, cameras: Cameras, name: str) -> bool:
    """Whether a camera of this name sends, or says that it does."""
    return name in newest.sources or name in cameras
