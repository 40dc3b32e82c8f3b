"""Labels of detectors: COCO's, and how labels are compared and chosen."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from functions.core.errors import UsageError, did_you_mean

# The 80 things of the COCO data set, in the order of its models.
COCO = tuple(Path(__file__).with_name("coco.txt").read_text().splitlines())


def chosen(known: Sequence[str], wanted: Iterable[str]) -> tuple[str, ...]:
    """The known labels that are wanted, in any case; all if none is named. Raises UsageError for an unknown one."""
    words = {plain(word): word for word in wanted}
    unknown = words.keys() - set(map(plain, known))
    if unknown:
        hint = did_you_mean(min(unknown), known)
        expected = f"expected one that the detector knows ({', '.join(known)}){hint}"
        raise UsageError(f"Label {words[min(unknown)]!r}: {expected}")
    return tuple(label for label in known if not words or plain(label) in words)


def plain(label: str) -> str:
    """A label in the form in which labels are compared: lower case, single spaces."""
    return " ".join(label.replace("_", " ").casefold().split())
