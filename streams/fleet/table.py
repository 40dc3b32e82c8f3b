"""The states of all cameras as a table, once or as it changes."""

from __future__ import annotations

import sys
import time
from threading import Event

import click

from streams.cameras.states import DEAD_AFTER_S, CameraStates
from streams.settings import Settings
from streams.wire.cameras import OVER, CameraState
from streams.wire.names import printable

_HEAD = ("CAMERA", "STATE", "SINCE", "FPS IN", "OUT", "SIZE", "CODEC", "BY", "RECONNECTS", "TOPIC", "LAST ERROR")
_EVERY_S = 1.0
_CLEAR = "\x1b[H\x1b[2J"


def show(settings: Settings, stop: Event) -> None:
    """Print the table; on a terminal again and again until stopped. Raises KafkaException and NoTopic."""
    with CameraStates(settings) as states:
        states.catch_up()
        live = sys.stdout.isatty()
        while not stop.is_set():
            click.echo((_CLEAR if live else "") + "\n".join(lines(states.newest, time.time())))
            if not live:
                return
            states.poll(_EVERY_S)
            stop.wait(_EVERY_S)


def lines(states: dict[str, CameraState], now_s: float) -> list[str]:
    """A line a camera, by name."""
    rows = [_HEAD, *(_row(states[name], now_s) for name in sorted(states))]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def _row(state: CameraState, now_s: float) -> tuple[str, ...]:
    silent_s = now_s - state.updated_at / 1e6
    dead = state.state not in OVER and silent_s > DEAD_AFTER_S
    return (
        printable(state.source),
        f"dead ({silent_s:.0f} s)" if dead else state.state,
        time.strftime("%d %b %H:%M:%S", time.localtime(state.since / 1e6)),
        f"{state.fps_in:.1f}",
        f"{state.fps_out:.1f}",
        "x".join(map(str, state.size_wh or ())) or "-",
        state.codec or "-",
        state.transport or "-",
        str(state.reconnects),
        state.topic,
        printable(state.last_error or "-"),
    )
