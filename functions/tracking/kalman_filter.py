"""Where a box will be: a Kalman filter of constant speed, in seconds and in heights of the box."""

from __future__ import annotations

import math

from msgspec import Struct

from functions.core.frame import XYXY

# Standard deviations, in heights of the box: of where a detector puts it, of its speed a second when it is first seen,
# and of how much that changes in a second. A person is 1.7 m high and walks 1.4 m a second.
_PLACE, _SPEED, _TURN = 0.1, 0.8, 0.5
# Of the logarithm of its height, and how slowly its size follows.
_SIZE, _SIZE_GAIN = 0.15, 0.3


class Motion(Struct, frozen=True, array_like=True):
    """Place and speed of a box at a time (µs): centre and size in pixels, speed in pixels a second.

    `spread` is the covariance of place and speed on either axis, in heights of the box.
    """

    at: int
    centre: tuple[float, float]
    size: tuple[float, float]
    speed: tuple[float, float] = (0.0, 0.0)
    spread: tuple[float, float, float] = (_PLACE**2, 0.0, _SPEED**2)

    @property
    def xyxy(self) -> XYXY:
        """The box itself."""
        (x, y), (width, height) = self.centre, self.size
        return x - width / 2, y - height / 2, x + width / 2, y + height / 2

    def moved(self, at: int) -> Motion:
        """Where it will be at a later time."""
        seconds = (at - self.at) / 1e6
        place, both, speed = self.spread
        spread = (
            place + 2 * both * seconds + speed * seconds**2 + _TURN**2 * seconds**4 / 4,
            both + speed * seconds + _TURN**2 * seconds**3 / 2,
            speed + _TURN**2 * seconds**2,
        )
        (x, y), (dx, dy) = self.centre, self.speed
        return Motion(at, (x + dx * seconds, y + dy * seconds), self.size, self.speed, spread)

    def distance(self, xyxy: XYXY) -> float:
        """How unlike it a box of this moment is, in standard deviations."""
        seen = begin(self.at, xyxy)
        (x, y), height = seen.centre, seen.size[1]
        (own_x, own_y), own_height = self.centre, self.size[1]
        apart = ((x - own_x) ** 2 + (y - own_y) ** 2) / own_height**2
        return math.sqrt(apart / (self.spread[0] + _PLACE**2) + (math.log(height / own_height) / _SIZE) ** 2)

    @property
    def doubt(self) -> float:
        """The logarithm of how widely it may be spread: who was lost may be anywhere, and is near to everything."""
        return math.log((self.spread[0] + _PLACE**2) / _PLACE**2)

    def seen(self, xyxy: XYXY) -> Motion:
        """The same, now that it was seen here at this moment."""
        there = begin(self.at, xyxy)
        (x, y), (width, height) = there.centre, there.size
        (own_x, own_y), (own_width, own_height) = self.centre, self.size
        place, both, speed = self.spread
        of_place, of_speed = place / (place + _PLACE**2), both / (place + _PLACE**2)
        return Motion(
            self.at,
            (own_x + of_place * (x - own_x), own_y + of_place * (y - own_y)),
            (own_width + _SIZE_GAIN * (width - own_width), own_height + _SIZE_GAIN * (height - own_height)),
            (self.speed[0] + of_speed * (x - own_x), self.speed[1] + of_speed * (y - own_y)),
            ((1 - of_place) * place, (1 - of_place) * both, speed - of_speed * both),
        )


def begin(at: int, xyxy: XYXY) -> Motion:
    """A box that nothing else is known of."""
    x1, y1, x2, y2 = xyxy
    # It may be flat, where a picture's edge cuts it.
    return Motion(at, ((x1 + x2) / 2, (y1 + y2) / 2), (max(1.0, x2 - x1), max(1.0, y2 - y1)))
