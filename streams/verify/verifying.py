"""Verifies one pair of files: what shows, what is left beside the picture, and what that means."""

from __future__ import annotations

import os
from collections import Counter, deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import msgspec

from functions.core.frame import Frame
from streams.verify.beside import containers, embedded, tags
from streams.verify.comparison import Compared, Place, compare
from streams.verify.covered import sized
from streams.verify.exposure import exposure_of
from streams.verify.films import Films, Pair, Progress
from streams.verify.looking import Detectors
from streams.verify.result import Check, Figures, Result, listed, numbers
from streams.verify.truth import People
from streams.verify.worst import Worst
from streams.video.pictures import is_picture

# Exposures that a result keeps.
_KEPT = 500


@dataclass(frozen=True)
class Asked:
    """What is verified: `most_exposed` is the share of the boxes that may be seen, `sound` whether it may be heard."""

    detectors: Detectors
    people: People | None = None
    most_exposed: float = 0.0
    sound: bool = False


def verify(
    raw: Path, redacted: Path, asked: Asked, worst: Worst, progress: Progress, say: Callable[[str], None]
) -> Result:
    """Compare two files. Raises SourceError where one of them cannot be read at all."""
    films = Films(raw, redacted, progress, say)
    compared = [] if films.shape_differs else list(_compared(films, asked, worst))
    figures = _figures(films, compared)
    exposed = [found for each in compared for found in each.exposed]
    covers = [each.cover for each in compared if each.cover and each.cover.whole]
    return Result(
        raw=str(raw),
        redacted=str(redacted),
        detectors=asked.detectors.named,
        checks=[_aligned(films, figures), *_hidden(figures, compared, asked), *_beside(raw, redacted, asked)],
        figures=figures,
        exposed=sorted(exposed, key=lambda found: -found.share)[:_KEPT],
        truth=exposure_of(covers, films.step_s)._asdict() if covers else None,
    )


def _compared(films: Films, asked: Asked, worst: Worst) -> Iterator[Compared]:
    """Every pair of frames, on all cores, in order."""
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        waiting: deque[tuple[Pair, Future[Compared]]] = deque()
        try:
            for pair in films.pairs():
                waiting.append((pair, pool.submit(_one, pair, asked)))
                if len(waiting) > 2 * (os.cpu_count() or 1):
                    yield _taken(*waiting.popleft(), worst)
            while waiting:
                yield _taken(*waiting.popleft(), worst)
        finally:
            pool.shutdown(cancel_futures=True)


def _one(pair: Pair, asked: Asked) -> Compared:
    """The worst of what it may show; what is covered is that of the most likely."""
    compared = [_with(raw, pair, asked) for raw in {frame.seq: frame for frame in pair.raw}.values()]
    worst = max(compared, key=lambda each: len(each.exposed))
    return msgspec.structs.replace(worst, cover=compared[0].cover)


def _with(raw: Frame, pair: Pair, asked: Asked) -> Compared:
    truth = None if asked.people is None else asked.people.get(raw.seq + 1, {})
    place = Place(frame=pair.redacted.seq, raw_frame=raw.seq, at_s=pair.redacted.captured_at / 1_000_000)
    return compare(place, raw.image, sized(pair.image, raw.size_wh), asked.detectors, truth)


def _taken(pair: Pair, future: Future[Compared], worst: Worst) -> Compared:
    compared = future.result()
    worst.see(pair.image, compared.exposed)
    return compared


def _figures(films: Films, compared: list[Compared]) -> Figures:
    looked_at: Counter[str] = Counter()
    exposed: Counter[str] = Counter()
    for each in compared:
        looked_at.update(each.looked_at)
        exposed.update(found.label for found in each.exposed)
    return Figures(
        frames_raw=films.frames[0],
        frames_redacted=films.frames[1],
        dropped=films.alignment.dropped(films.frames[0]),
        repeated=films.alignment.repeated,
        unlike=int((~films.alignment.same).sum()),
        looked_at=dict(looked_at),
        exposed=dict(exposed),
        frames_exposed=sum(bool(each.exposed) for each in compared),
        longest_exposed_s=round(_longest_row(compared) * films.step_s, 3),
        masked=round(sum(each.masked for each in compared) / max(1, len(compared)), 4),
        least_likeness_db=round(min((each.likeness_db for each in compared), default=0.0), 1),
    )


def _longest_row(compared: list[Compared]) -> int:
    longest = row = 0
    for each in compared:
        row = row + 1 if each.exposed else 0
        longest = max(longest, row)
    return longest


def _aligned(films: Films, figures: Figures) -> Check:
    unlike = (int(number) for number in (~films.alignment.same).nonzero()[0])
    details = [
        *([films.shape_differs] if films.shape_differs else []),
        *([f"frames {numbers(unlike)} show what no raw frame does"] if figures.unlike else []),
        *(f"the {what} file: {why}" for what, why in zip(("raw", "redacted"), films.losses, strict=True) if why),
    ]
    text = (
        f"{figures.frames_redacted} frames lined up with {figures.frames_raw}: {figures.dropped} dropped, "
        f"{figures.repeated} repeated; outside of what is covered at least {figures.least_likeness_db} dB alike"
    )
    return Check(name="frames", passed=not details, text=text, details=details)


def _hidden(figures: Figures, compared: list[Compared], asked: Asked) -> Iterator[Check]:
    """A check for each label that was looked for."""
    for label, name in {"person": "people", "face": "faces"}.items():
        if label not in asked.detectors.labels:
            continue
        looked_at, count = figures.looked_at.get(label, 0), figures.exposed.get(label, 0)
        share = count / looked_at if looked_at else 0.0
        found = [each for one in compared for each in one.exposed if each.label == label]
        whys = dict.fromkeys(each.why for each in found)
        details = [f"{why}: frames {numbers(each.frame for each in found if each.why == why)}" for why in whys]
        text = f"{count} of {looked_at} boxes of {name} show ({share:.2%})"
        yield Check(name=name, passed=share <= asked.most_exposed, text=text, details=details)


def _beside(raw: Path, redacted: Path, asked: Asked) -> Iterator[Check]:
    """What the redacted file holds beside its picture."""
    if not is_picture(redacted):
        yield _looked("streams", lambda: containers.streams_beside(redacted), "streams, chapters or boxes beside it")
        yield _looked("sound", lambda: containers.sound_of(redacted), "audio streams that can be heard", asked.sound)
    yield _looked("tags", lambda: tags.tags_left(redacted, raw), "tags that may tell of the source")
    yield _looked("pictures within", lambda: embedded.pictures_within(redacted), "pictures within the file")


def _looked(name: str, look: Callable[[], list[str]], what: str, allowed: bool = False) -> Check:
    try:
        found = look()
    except Exception as error:  # libraries raise anything for files that are broken: what cannot be told does not pass
        return Check(name=name, passed=False, text=f"cannot be looked at: {type(error).__name__}: {error}")
    return listed(name, found, what, allowed)


def unreadable(raw: str, redacted: str, asked: Asked, why: str) -> Result:
    """The result of what cannot be compared: it does not pass."""
    check = Check(name="frames", passed=False, text=why)
    return Result(raw=raw, redacted=redacted, detectors=asked.detectors.named, checks=[check])
