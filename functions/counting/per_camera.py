"""Visits at one camera: a pure function from a camera's state and a frame to the next state and visits to publish."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec import Struct, structs

from functions.core.frame import Frame
from functions.counting.visits import MINUTE, SECOND, Homography, Visit, ground
from functions.tracking import tracker
from functions.tracking.tracker import Track

# How often an open visit is published again.
_PUBLISH_EVERY = 2 * SECOND
# The interval of the steps of a path.
_STEP = SECOND // 2


class Options(Struct, frozen=True, kw_only=True):
    """What is counted; the same options as those of the function `track`."""

    labels: tuple[str, ...] = ("person",)
    minimum_confidence: float = 0.4
    patience_s: float = 3.0


class OpenVisit(Struct, frozen=True, array_like=True):
    """A visit that is not over; `published_at` is its `last_at` when it was last published, 0 before."""

    visit: Visit
    published_at: int = 0


class Camera(Struct, frozen=True):
    """The state of one run of a camera's producer, a row of a Faust table: numbers only; `last` is the last `seq`."""

    tracks: tuple[Track, ...] = ()
    visits: dict[int, OpenVisit] = {}
    last: int = -1
    restarted_at: int | None = None

    def knows(self, frame: Frame) -> bool:
        """Whether this frame was counted before: its `seq` is not above the last."""
        return frame.seq <= self.last

    @property
    def unpublished(self) -> list[Visit]:
        """The open visits that changed since they were published, for when the camera is evicted."""
        return _unpublished(self.visits.values())


def count(
    camera: Camera, frame: Frame, options: Options, homography: Homography | None = None
) -> tuple[Camera, list[Visit]]:
    """The camera's state after one more frame of the same run, and the visits to publish.

    Deterministic: any process gives the same frames the same visits and ids; a repeated frame changes nothing. A visit
    is published when it begins to count, with every turn of a minute, every two seconds, and at its end.
    """
    if camera.knows(frame):
        return camera, []
    tracks, ids = tracker.update(camera.tracks, frame, options.labels, options.minimum_confidence, options.patience_s)
    seen = {number: frame.detections[at].xyxy for at, number in ids.items()}
    visits: dict[int, OpenVisit] = {}
    to_publish: list[Visit] = []
    for each in tracks:
        before = camera.visits.get(each.id)
        if each.id in seen and each.is_confirmed:
            where = homography and ground(homography, seen[each.id], frame.size_wh)
            visits[each.id], news = _continued(before, each, frame, camera.restarted_at, where)
            to_publish += news
        elif before:
            visits[each.id] = before
    to_publish += _unpublished(each for number, each in camera.visits.items() if number not in visits)
    return Camera(tracks, visits, frame.seq, camera.restarted_at), to_publish


def _continued(
    before: OpenVisit | None, track: Track, frame: Frame, restarted_at: int | None, where: tuple[float, float] | None
) -> tuple[OpenVisit, Sequence[Visit]]:
    at = frame.captured_at
    old = before or OpenVisit(Visit(id=track.id, source=frame.source, first_at=track.first_at, last_at=at))
    to_publish: list[Visit] = []
    path = old.visit.path
    if old.visit.minute != at // MINUTE:
        path = ()
        if old.published_at < old.visit.last_at:
            to_publish.append(old.visit)
    if where and (not path or path[-1][0] // _STEP < at // _STEP):
        path = (*path, (at, *where))
    visit = structs.replace(old.visit, last_at=at, path=path, restarted_at=restarted_at)
    if to_publish or at - old.published_at >= _PUBLISH_EVERY:
        return OpenVisit(visit, at), [*to_publish, visit]
    return OpenVisit(visit, old.published_at), to_publish


def _unpublished(ended: Iterable[OpenVisit]) -> list[Visit]:
    return [each.visit for each in ended if each.published_at < each.visit.last_at]
