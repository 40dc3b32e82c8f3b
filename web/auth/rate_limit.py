"""Rate limits on clients: by address, refused beyond it; for wrong passwords of all addresses together, delayed."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice

from web.auth.access import network_of

# Wrong passwords of one address, within so many seconds.
TRIES, WITHIN_S = 5, 60.0
# From so many wrong ones of all addresses on, each further one delays answers by so much, up to the last.
TRIES_OF_ALL, LATER_S, LATEST_S = 50, 0.05, 2.0
# The least recently seen address is forgotten first: an attacker with more addresses gains little by that.
MAX_ADDRESSES = 4096

Clock = Callable[[], float]


class RateLimit:
    """At most `tries` within a time for each address. Not thread-safe: for one event loop."""

    def __init__(self, tries: int, within_s: float = WITHIN_S, clock: Clock = time.monotonic) -> None:
        self._tries, self._within_s, self._clock = tries, within_s, clock
        self._taken: OrderedDict[str, deque[float]] = OrderedDict()

    def __len__(self) -> int:
        """How many addresses are remembered."""
        return len(self._taken)

    def take(self, address: str) -> float:
        """Use up one of the address's tries: 0, or the seconds to wait where none is left."""
        now, network = self._clock(), network_of(address)
        taken = self._taken.setdefault(network, deque())
        while taken and taken[0] <= now - self._within_s:
            taken.popleft()
        if len(taken) >= self._tries:
            return taken[0] + self._within_s - now
        taken.append(now)
        self._taken.move_to_end(network)
        # The two least recently seen are enough: each call adds one address at most.
        for other, times in list(islice(self._taken.items(), 2)):
            if not times or times[-1] <= now - self._within_s or len(self._taken) > MAX_ADDRESSES:
                del self._taken[other]
        return 0.0

    def give_back(self, address: str) -> None:
        """Undo the newest `take`."""
        if taken := self._taken.get(network_of(address)):
            taken.pop()


class TooManyTries(Exception):
    """An address has to wait before its next try."""

    def __init__(self, wait_s: float) -> None:
        super().__init__(f"Too many tries: wait {wait_s:.0f} s")
        self.wait_s = wait_s


class Attempt:
    """Whether a password was right; false until it is set."""

    right = False


class PasswordThrottle:
    """Limits wrong passwords of each address, and delays answers while many are wrong."""

    def __init__(self, clock: Clock = time.monotonic) -> None:
        self._clock = clock
        self._limit = RateLimit(TRIES, WITHIN_S, clock)
        self._wrong: deque[float] = deque(maxlen=TRIES_OF_ALL + round(LATEST_S / LATER_S))

    @contextmanager
    def attempt(self, address: str) -> Iterator[Attempt]:
        """Wraps the check of one password, which counts unless it is right or raises. Raises TooManyTries."""
        # Taken before anything is awaited: else many at once would all find the limit not reached.
        if wait_s := self._limit.take(address):
            raise TooManyTries(wait_s)
        attempt = Attempt()
        try:
            yield attempt
        except BaseException:
            self._limit.give_back(address)
            raise
        if attempt.right:
            self._limit.give_back(address)
        else:
            self._wrong.append(self._clock())

    async def slow_down(self) -> None:
        """Delay while many are wrong; a right one as well, or the delay would tell them apart."""
        if later_s := self.later_s():
            await asyncio.sleep(later_s)

    def later_s(self) -> float:
        """The delay of answers now, in seconds."""
        recent = sum(at > self._clock() - WITHIN_S for at in self._wrong)
        return min(max(recent - TRIES_OF_ALL, 0) * LATER_S, LATEST_S)
