"""What a detector misses of true people or faces: its own boxes, 10 % larger on each side, over a folder of sequences.

A true box is missed where less than half of it is covered. `bound` is what the share of people who are ever missed may
be, with 95 % confidence, by how many there are; `hidden` is the share of the picture that the boxes cover, `times` that
to what true boxes cover (a hint only where not everybody has a true box). `ms` is CPU time, the median picture's.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np

from bench.truth import Footage
from functions.core.jpeg import Image
from functions.geometry.masks import Mask, mask_of, pixels
from functions.redaction.confidence_bound import upper_bound
from streams.verify.truth import Box

# Takes pixels, gives boxes as they are to be hidden.
Finder = Callable[[Image], Sequence[Box]]
PADDING = 0.1
# Heights from which boxes count together, of people and of faces.
_HEIGHTS = {False: (0, 48, 96), True: (0, 24)}


@dataclass(frozen=True)
class Misses:
    """Of each true box the person, its height and the share covered; of each picture what is hidden, true, and ms."""

    footage: Footage
    boxes: Sequence[tuple[str, float, float]]
    pictures: Sequence[tuple[float, float, float]]

    def row(self) -> str:
        """One line under `columns`."""
        missed = {person for person, _, share in self.boxes if share < 0.5}
        people = {person for person, _, _ in self.boxes}
        covered, heights = (np.array(values) for values in list(zip(*self.boxes, strict=True))[:0:-1])
        by_height = "".join(
            f"{_share(covered[heights >= least] < 0.5):>10}" for least in _HEIGHTS[self.footage.of_faces]
        )
        hidden, true, _ = (float(np.mean(values)) for values in zip(*self.pictures, strict=True))
        bound = f"{100 * upper_bound(len(missed), len(people)):.1f} %"
        ms = median(ms for *_, ms in self.pictures)
        return (
            f"{len(people):>7}{len(self.boxes):>7}{by_height}{bound:>9}{covered.mean():>8.3f}"
            f"{hidden:>8.3f}{hidden / true:>7.2f}{ms:>8.1f}"
        )


def columns(of_faces: bool) -> str:
    """The heads of rows."""
    heights = "".join(f"{f'≥ {least} px' if least else 'missed':>10}" for least in _HEIGHTS[of_faces])
    return f"{'people':>7}{'boxes':>7}{heights}{'bound':>9}{'cover':>8}{'hidden':>8}{'times':>7}{'ms':>8}"


def measured(footage: Footage, find: Finder, every: int) -> Misses:
    """What the finder does with every so manieth picture that has a truth."""
    boxes, pictures = [], []
    for number, image in footage.images():
        if number not in footage.people or (number - 1) % every:
            continue
        began = time.process_time()
        found = find(image)
        ms = 1000 * (time.process_time() - began)
        mask, truth = (mask_of(image.shape[1::-1], each) for each in (found, footage.people[number].values()))
        boxes += list(_covered(mask, footage, number))
        pictures.append((float((mask > 0).mean()), float((truth > 0).mean()), ms))
    return Misses(footage, boxes, pictures)


def padded(boxes: Iterable[Box], padding: float = PADDING) -> list[Box]:
    """The boxes, so much larger on each side."""
    sized = [(x1, y1, x2, y2, padding * (x2 - x1), padding * (y2 - y1)) for x1, y1, x2, y2 in boxes]
    return [(x1 - across, y1 - down, x2 + across, y2 + down) for x1, y1, x2, y2, across, down in sized]


def together(all_of_them: Sequence[Misses]) -> Misses:
    """All sequences as one, in which nobody is the person of another."""
    first = all_of_them[0].footage
    boxes = [(f"{each.footage.name} {who}", *rest) for each in all_of_them for who, *rest in each.boxes]
    pictures = [picture for each in all_of_them for picture in each.pictures]
    return Misses(first, boxes, pictures)  # type: ignore[arg-type]


def _covered(mask: Mask, footage: Footage, number: int) -> Iterator[tuple[str, float, float]]:
    for person, box in footage.people[number].items():
        part = mask[pixels(box)]
        yield person, box[3] - box[1], float((part > 0).mean()) if part.size else 1.0


def _share(missed: np.ndarray) -> str:
    return f"{100 * missed.mean():.2f} %" if missed.size else "none"
