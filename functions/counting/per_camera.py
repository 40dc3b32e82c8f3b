"""Who came by: the visits at one camera, as its frames tell them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec import Struct, structs

from functions.core.frame import Frame
from functions.counting.visits import MINUTE, SECOND, Homography, Visit, ground
from functions.tracking import tracker
from functions.tracking.tracker import Track

# A track is a visitor once it was seen in so many frames, and is surer than it had to be by so much in sum.
_FRAMES, _EVIDENCE = 2, 0.5
# How often a visit that goes on is told again.
_TELL_EVERY = 2 * SECOND
# How often a step of a path is taken down.
_STEP = SECOND // 2


class Options(Struct, frozen=True, kw_only=True):
    """What is counted, and how: as the options of the function `track`."""

    labels: tuple[str, ...] = ("person",)
    minimum_confidence: float = 0.4
    patience_s: float = 3.0


class Open(Struct, frozen=True, array_like=True):
    """A visit that goes on; `told_at` is `last_at` as it was told last, 0 before."""

    visit: Visit
    told_at: int = 0


class Camera(Struct, frozen=True):
    """What is remembered of one run of a camera's producer: numbers only, and never how anybody looks.

    `last` is the number of its last frame. Two producers of one name are followed apart.
    """

    tracks: tuple[Track, ...] = ()
    visits: dict[int, Open] = {}
    last: int = -1
    restarted_at: int | None = None

    def knows(self, frame: Frame) -> bool:
        """Whether this frame was counted before."""
        return frame.seq <= self.last

    @property
    def untold(self) -> list[Visit]:
        """What is still to be told of the visits that go on, where nothing more will come."""
        return _untold(self.visits.values())


def count(
    camera: Camera, frame: Frame, options: Options, homography: Homography | None = None
) -> tuple[Camera, list[Visit]]:
    """The camera after one more frame of the same run, and what is to be told of visits.

    Pure: the same frames give the same visits, with the same ids, whoever counts them; one that was counted before
    changes nothing. A visit is told when it begins to count, at every turn of a minute, every other second, and at its
    end.
    """
    if camera.knows(frame):
        return camera, []
    tracks, ids = tracker.update(camera.tracks, frame, options.labels, options.minimum_confidence, options.patience_s)
    seen = {number: frame.detections[at].xyxy for at, number in ids.items()}
    visits: dict[int, Open] = {}
    told: list[Visit] = []
    for each in tracks:
        before = camera.visits.get(each.id)
        if each.id in seen and each.frames >= _FRAMES and each.evidence >= _EVIDENCE:
            where = homography and ground(homography, seen[each.id], frame.size_wh)
            visits[each.id], news = _gone_on(before, each, frame, camera.restarted_at, where)
            told += news
        elif before:
            visits[each.id] = before
    told += _untold(each for number, each in camera.visits.items() if number not in visits)
    return Camera(tracks, visits, frame.seq, camera.restarted_at), told


def _gone_on(
    before: Open | None, track: Track, frame: Frame, restarted_at: int | None, where: tuple[float, float] | None
) -> tuple[Open, Sequence[Visit]]:
    at = frame.captured_at
    old = before or Open(Visit(id=track.id, source=frame.source, first_at=track.first_at, last_at=at))
    told: list[Visit] = []
    path = old.visit.path
    if old.visit.minute != at // MINUTE:
        path = ()
        if old.told_at < old.visit.last_at:
            told.append(old.visit)
    if where and (not path or path[-1][0] // _STEP < at // _STEP):
        path = (*path, (at, *where))
    visit = structs.replace(old.visit, last_at=at, path=path, restarted_at=restarted_at)
    if told or at - old.told_at >= _TELL_EVERY:
        return Open(visit, at), [*told, visit]
    return Open(visit, old.told_at), told


def _untold(ended: Iterable[Open]) -> list[Visit]:
    return [each.visit for each in ended if each.told_at < each.visit.last_at]
