"""Tells that the chain file has changed, whoever wrote it and however: in place, by renaming, by a link."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from threading import Event, Thread
from typing import Any

from streams.chain import types as chains

_SETTLED_S, _TRIES = 0.2, 10
# Editors write in several steps. Looked at now and then without an event, too: a change may come before the first look,
# and some file systems tell of none.
_HOW: dict[str, Any] = {
    "debounce": 400,
    "step": 50,
    "recursive": False,
    "rust_timeout": 2000,
    "yield_on_timeout": True,
}


def path_of(chain: str) -> Path:
    """The chain file that this setting names."""
    return Path(chain or chains.DEFAULT).absolute()


def content_of(path: Path) -> bytes | None:
    """The file as it is, None where it cannot be read."""
    try:
        return path.read_bytes()
    except OSError:
        return None


class FollowedFile:
    """A chain file that a thread looks at until `stop` is set; `content` is what was read of it."""

    def __init__(self, path: Path, content: bytes | None, stop: Event) -> None:
        self._changed = Event()
        Thread(target=self._look, args=(path, content, stop), name="chain file", daemon=True).start()

    def has_changed(self) -> bool:
        """Whether it is another one than when this was last asked."""
        if not self._changed.is_set():
            return False
        self._changed.clear()  # before the file is read: what changes from now on is noticed again
        return True

    def _look(self, path: Path, content: bytes | None, stop: Event) -> None:
        for _ in changes(path, content, stop):
            self._changed.set()


def changes(path: Path, content: bytes | None, stop: Any) -> Iterator[None]:
    """One for each time that the file is not `content` any more, nor what it was since, until `stop` is set."""
    from watchfiles import watch  # a native library, which is loaded only where a file is followed

    for _ in watch(path.parent, stop_event=stop, raise_interrupt=False, **_HOW):
        if content_of(path) != content and (now := _settled(path)) != content:
            content = now
            yield


async def achanges(path: Path, content: bytes | None, stop: Any) -> AsyncIterator[None]:
    """The same in an event loop, with an event of it."""
    from watchfiles import awatch

    async for _ in awatch(path.parent, stop_event=stop, **_HOW):
        if content_of(path) != content and (now := await asyncio.to_thread(_settled, path)) != content:
            content = now
            yield


def _settled(path: Path) -> bytes | None:
    """The content once it stands still: the first half of a file may be a chain, too, without its zones."""
    content = content_of(path)
    for _ in range(_TRIES):
        time.sleep(_SETTLED_S)
        if (now := content_of(path)) == content:
            break
        content = now
    return content
