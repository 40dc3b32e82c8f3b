"""The section `[counts]` of a chain file: what is counted, and on which ground."""

from __future__ import annotations

from datetime import UTC, tzinfo
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from msgspec import Meta, Struct

from functions.core.errors import UsageError
from functions.counting.per_camera import Options
from functions.counting.visits import Homography, of_shares

# The name of counting among the stages of a worker.
NAME = "count"

Confidence = Annotated[float, Meta(ge=0, le=1)]


class CountsConf(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Counting as written in the chain file; the options of tracking are those of the function `track`.

    `ground` has a homography for each camera whose place is known: from shares of its upright picture
    (0 to 1) to metres of one ground for all.
    Who stands nearer than `near_m` at two cameras is the same person.
    """

    input: str = "IMAGEAI_FRAME"
    labels: Annotated[tuple[str, ...], Meta(min_length=1)] = ("person",)
    minimum_confidence: Confidence = 0.4
    patience_s: Annotated[float, Meta(gt=0, le=60)] = 3.0
    time_zone: str = "UTC"
    near_m: Annotated[float, Meta(gt=0)] = 1.0
    looks: bool = False
    ground: dict[str, Homography] = {}

    def __post_init__(self) -> None:
        for homography in self.ground.values():
            of_shares(homography)

    @property
    def options(self) -> Options:
        """The options of tracking and counting at one camera."""
        return Options(labels=self.labels, minimum_confidence=self.minimum_confidence, patience_s=self.patience_s)

    def zone(self) -> tzinfo:
        """The time zone of days and hours. Raises UsageError for one that this host does not know."""
        return zone_of(self.time_zone)


def zone_of(name: str) -> tzinfo:
    """The time zone of that name. Raises UsageError for one that this host does not know."""
    if name == "UTC":  # needs no data of the host
        return UTC
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise UsageError(f"expected a time zone of this host, as Europe/Berlin, got {name!r}") from None
