"""Drawing: boxes and text that are legible on any background, scaled to the picture."""

from __future__ import annotations

import unicodedata
import zlib
from dataclasses import dataclass

import cv2

from functions.core.frame import XYXY
from functions.core.jpeg import Image

Colour = tuple[int, int, int]  # BGR

HIDDEN: Colour = (160, 160, 160)
_BLACK, _WHITE = (0, 0, 0), (255, 255, 255)
# Bright and far from each other, for people who see no red or green too (after Okabe and Ito).
_PALETTE = ((233, 180, 86), (0, 159, 230), (115, 158, 0), (66, 228, 240), (178, 114, 0), (0, 94, 213), (167, 121, 204))
_FONT = cv2.FONT_HERSHEY_SIMPLEX
_LONGEST = 48


@dataclass(frozen=True)
class Pen:
    """Line width and text size for pictures of one size."""

    line: int
    text: float

    @classmethod
    def for_image(cls, image: Image) -> Pen:
        """Sizes in proportion to the picture's shorter side."""
        side = min(image.shape[:2])
        return cls(line=max(1, round(side / 300)), text=max(0.4, side / 1300))

    @property
    def _stroke(self) -> int:
        return max(1, self.line // 2)

    def box(self, image: Image, xyxy: XYXY, colour: Colour) -> None:
        """A coloured box with a dark edge."""
        corners = _pixels(xyxy)
        cv2.rectangle(image, corners[:2], corners[2:], _BLACK, self.line + 2)
        cv2.rectangle(image, corners[:2], corners[2:], colour, self.line)

    def corners(self, image: Image, xyxy: XYXY, colour: Colour) -> None:
        """The corners of a box with a dark edge, for a detection that is hidden."""
        x1, y1, x2, y2 = _pixels(xyxy)
        arm_x, arm_y = (x2 - x1) // 4, (y2 - y1) // 4
        for shade, thickness in ((_BLACK, self.line + 2), (colour, self.line)):
            for x, y, to_x, to_y in ((x1, y1, 1, 1), (x2, y1, -1, 1), (x1, y2, 1, -1), (x2, y2, -1, -1)):
                cv2.line(image, (x, y), (x + to_x * arm_x, y), shade, thickness)
                cv2.line(image, (x, y), (x, y + to_y * arm_y), shade, thickness)

    def words(self, image: Image, text: str, xyxy: XYXY, colour: Colour) -> None:
        """Text on a filled rectangle, above the box where it fits, always within the picture."""
        (width, height), below = cv2.getTextSize(text, _FONT, self.text, self._stroke)
        plate_h, edge = height + below + 2 * self.line, self.line
        left = min(max(0, int(xyxy[0])), max(0, image.shape[1] - width - 2 * edge))
        top = int(xyxy[1]) - plate_h if xyxy[1] >= plate_h else min(int(xyxy[1]), image.shape[0] - plate_h)
        top = max(0, top)
        cv2.rectangle(image, (left, top), (left + width + 2 * edge, top + plate_h), colour, cv2.FILLED)
        at = (left + edge, top + edge + height)
        cv2.putText(image, text, at, _FONT, self.text, _readable_on(colour), self._stroke, cv2.LINE_AA)


def colour_of(label: str) -> Colour:
    """The colour of a label, the same in every process."""
    return _PALETTE[zlib.crc32(label.casefold().encode()) % len(_PALETTE)]


def plain(text: str) -> str:
    """Text in the ASCII that OpenCV can draw: accents dropped, other characters as `\\u4eba`, truncated."""
    letters = unicodedata.normalize("NFKD", text)
    shown = "".join(letter for letter in letters if not unicodedata.combining(letter))
    ascii_only = "".join(letter if " " <= letter <= "~" else ascii(letter)[1:-1] for letter in shown)
    return ascii_only if len(ascii_only) <= _LONGEST else ascii_only[: _LONGEST - 2] + ".."


def _readable_on(colour: Colour) -> Colour:
    blue, green, red = colour
    return _BLACK if 0.114 * blue + 0.587 * green + 0.299 * red > 110 else _WHITE


def _pixels(xyxy: XYXY) -> tuple[int, int, int, int]:
    x1, y1, x2, y2 = (round(value) for value in xyxy)
    return x1, y1, x2 - 1, y2 - 1
