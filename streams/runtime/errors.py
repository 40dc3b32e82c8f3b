"""What a stage is told by an exception: that the bus refuses, that the process is spent, that a frame is skipped."""

from __future__ import annotations


class Stopped(Exception):
    """The bus refuses, or nobody foresaw what happened; what is unacked comes again."""


class Exhausted(Stopped):
    """No thread of the stage, or no memory, is left to work with; only a new process helps."""


class Skipped(Exception):
    """A live frame was not worth the work: too old, or one of too many of its source."""
