"""The outputs of kind stream of a chain file, which is followed as it changes."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from threading import Event

from functions.core.errors import UsageError, one_of
from streams.chain.check import checked
from streams.chain.outputs_section import StreamConf, kind_of
from streams.chain.types import Chain
from streams.chain.watching import FollowedFile, content_of, path_of
from streams.publish.output import StreamOutput
from streams.runtime.forkserver import forkserver
from streams.settings import Settings

log = logging.getLogger(__name__)

_CHILD = "streams.publish.child"
_TICK_S = 0.1


class Publisher:
    """Runs the outputs of these names, or all that the file has. Raises UsageError."""

    def __init__(self, settings: Settings, names: Sequence[str]) -> None:
        self._settings, self._names, self._path = settings, names, path_of(settings.chain)
        self._content = content_of(self._path)
        self._wanted = wanted(checked(settings), names)
        self._context = forkserver(_CHILD)
        self._outputs: dict[str, StreamOutput] = {}

    def run(self, stop: Event) -> None:
        """Run them until stopped."""
        file = FollowedFile(self._path, self._content, stop)
        try:
            self._follow(self._wanted)
            if not self._outputs:
                log.info("%s has no [outputs.NAME] with kind = 'stream': waiting for one", self._path)
            while not stop.is_set():
                if file.has_changed():
                    self._reload()
                stop.wait(_TICK_S)
        finally:
            self._end([*self._outputs])

    def _reload(self) -> None:
        try:
            self._follow(wanted(checked(self._settings), self._names))
        except UsageError as error:
            # Perhaps it was to take back what lets raw pictures out.
            raw = [name for name, output in self._outputs.items() if output.conf.raw]
            self._end(raw)
            ended = f" but that these end, which let out raw pictures: {', '.join(raw)}" if raw else ""
            log.error("Nothing is changed%s, since the chain file does not check: %s", ended, error)

    def _follow(self, outputs: dict[str, StreamConf]) -> None:
        self._end([name for name, output in self._outputs.items() if outputs.get(name) != output.conf])
        for name, conf in outputs.items():
            if name not in self._outputs:
                self._outputs[name] = StreamOutput(self._settings, name, conf, self._context)
                of = ", ".join(conf.sources) or "all sources"
                log.info("Output %s: streams of %s from %s", name, of, conf.topic)

    def _end(self, names: Iterable[str]) -> None:
        leaving = [self._outputs.pop(name) for name in names]
        for output in leaving:
            output.end()
        for output in leaving:
            output.join()


def wanted(chain: Chain, names: Sequence[str]) -> dict[str, StreamConf]:
    """The outputs of kind stream of these names, or all. Raises UsageError for a name that is of none."""
    streams = {name: output for name, output in chain.outputs.items() if isinstance(output, StreamConf)}
    for name in names:
        if name not in chain.outputs:
            raise UsageError(f"Output {name}: expected {one_of(name, streams)}")
        if name not in streams:
            raise UsageError(f"Output {name}: expected kind = 'stream', got {kind_of(chain.outputs[name])!r}")
    return {name: output for name, output in streams.items() if not names or name in names}
