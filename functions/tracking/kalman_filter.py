"""A Kalman filter of constant velocity for one box; noise is relative to the height of the box, time is in seconds."""

from __future__ import annotations

import math

from msgspec import Struct

from functions.core.frame import XYXY

# Standard deviations in heights of the box: of a measured position, of the initial speed a second, and of the change of
# speed in a second (process noise). A person is 1.7 m high and walks 1.4 m a second.
_POSITION, _SPEED, _ACCELERATION = 0.1, 0.8, 0.5
# Standard deviation of the logarithm of a measured height, and the gain with which the size is corrected.
_LOG_HEIGHT, _SIZE_GAIN = 0.15, 0.3


class BoxState(Struct, frozen=True, array_like=True):
    """The filter's state at a time (µs): centre and size in units of the tracker's picture, speed in
    those a second.

    `spread` is the covariance (position, position and speed, speed) on either axis, in heights of the box. A row of a
    Faust table, so the order of the fields is a format.
    """

    at: int
    centre: tuple[float, float]
    size: tuple[float, float]
    speed: tuple[float, float] = (0.0, 0.0)
    spread: tuple[float, float, float] = (_POSITION**2, 0.0, _SPEED**2)

    @property
    def xyxy(self) -> XYXY:
        """The box."""
        (x, y), (width, height) = self.centre, self.size
        return x - width / 2, y - height / 2, x + width / 2, y + height / 2

    def predicted(self, at: int) -> BoxState:
        """The prediction for a later time (µs)."""
        seconds = (at - self.at) / 1e6
        position, both, speed = self.spread
        spread = (
            position + 2 * both * seconds + speed * seconds**2 + _ACCELERATION**2 * seconds**4 / 4,
            both + speed * seconds + _ACCELERATION**2 * seconds**3 / 2,
            speed + _ACCELERATION**2 * seconds**2,
        )
        (x, y), (dx, dy) = self.centre, self.speed
        return BoxState(at, (x + dx * seconds, y + dy * seconds), self.size, self.speed, spread)

    def distance(self, xyxy: XYXY) -> float:
        """The Mahalanobis distance to a box of the same moment, in standard deviations."""
        measured = first_state(self.at, xyxy)
        (x, y), height = measured.centre, measured.size[1]
        (own_x, own_y), own_height = self.centre, self.size[1]
        apart = ((x - own_x) ** 2 + (y - own_y) ** 2) / own_height**2
        return math.sqrt(apart / (self.spread[0] + _POSITION**2) + (math.log(height / own_height) / _LOG_HEIGHT) ** 2)

    @property
    def uncertainty(self) -> float:
        """Log of the position's variance: added to a distance, as a long lost track is near to everything."""
        return math.log((self.spread[0] + _POSITION**2) / _POSITION**2)

    def corrected(self, xyxy: XYXY) -> BoxState:
        """The state after a measurement at the same moment."""
        measured = first_state(self.at, xyxy)
        (x, y), (width, height) = measured.centre, measured.size
        (own_x, own_y), (own_width, own_height) = self.centre, self.size
        position, both, speed = self.spread
        of_position, of_speed = position / (position + _POSITION**2), both / (position + _POSITION**2)
        return BoxState(
            self.at,
            (own_x + of_position * (x - own_x), own_y + of_position * (y - own_y)),
            (own_width + _SIZE_GAIN * (width - own_width), own_height + _SIZE_GAIN * (height - own_height)),
            (self.speed[0] + of_speed * (x - own_x), self.speed[1] + of_speed * (y - own_y)),
            ((1 - of_position) * position, (1 - of_position) * both, speed - of_speed * both),
        )


def first_state(at: int, xyxy: XYXY) -> BoxState:
    """The state after a single measurement."""
    x1, y1, x2, y2 = xyxy
    # A box cut by the picture's edge may have no height.
    return BoxState(at, ((x1 + x2) / 2, (y1 + y2) / 2), (max(1.0, x2 - x1), max(1.0, y2 - y1)))
