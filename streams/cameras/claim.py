"""Whose a name is: of two producers that send under one name to one topic, the later one gives way."""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Event

from confluent_kafka import KafkaException

from functions.core.errors import UsageError
from streams.cameras.states import NAME_IN_USE, STATE_EVERY_S, CameraStates
from streams.kafka.compacted import NoTopic
from streams.settings import Settings
from streams.wire.cameras import CameraState

# A rival that lives is heard of by then.
_HEARD_WITHIN_S = 2.5 * STATE_EVERY_S
_POLL_S = 0.2


class NameInUse(UsageError):
    """Another producer sends under this name, `since` when, by this host's clock."""

    def __init__(self, mine: CameraState, rival: CameraState) -> None:
        self.since = time.strftime("%H:%M:%S", time.localtime(rival.started_at / 1e6))
        super().__init__(
            f"--name {mine.source}: {NAME_IN_USE}, got one under which another producer already sends "
            f"to {mine.topic}, since {self.since}; -n NAME gives this one another"
        )


class Claim:
    """A name on a topic, claimed by the state that its producer writes; `own` are its earlier runs: no rivals."""

    def __init__(
        self, settings: Settings, mine: Callable[[], CameraState], own: frozenset[str], say: Callable[[str], None]
    ) -> None:
        self._mine, self._own = mine, own
        self._states: CameraStates | None = None
        try:
            self._states = CameraStates(settings)
            self._states.catch_up()
        except (KafkaException, NoTopic) as error:
            say(f"whether another producer has this name cannot be read: {error}")

    def settle(self, tick: Callable[[], None], stop: Event) -> None:
        """Wait until it is known that nobody else lives under this name. Raises NameInUse."""
        end = time.monotonic() + _HEARD_WITHIN_S
        while self._states and not stop.is_set() and self._states.rivals(self._mine(), self._own, heard=False):
            self.check()
            tick()
            stop.wait(_POLL_S)
            if time.monotonic() > end:
                return

    def check(self) -> None:
        """Raise NameInUse where an earlier producer of this name is heard of."""
        if self._states is None:
            return
        self._states.poll()
        mine = self._mine()
        if rivals := self._states.rivals(mine, self._own, heard=True):
            raise NameInUse(mine, rivals[0])

    def close(self) -> None:
        """Read no more."""
        if self._states:
            self._states.__exit__(None, None, None)
