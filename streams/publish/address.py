"""Where the stream of a source goes."""

from __future__ import annotations

from functions.core.errors import UsageError
from streams.chain.outputs_section import PLACE, StreamConf, why_no_stream
from streams.producer.urls import check, shown
from streams.settings import from_environment
from streams.wire.names import safe


class Address:
    """The addresses of an output's streams; `env:NAME` is read from the environment. Raises UsageError.

    The error never holds the address, which may have a password in it.
    """

    def __init__(self, name: str, output: StreamConf) -> None:
        self._url = from_environment(output.url, f"the url of output {name}", UsageError)
        if why := why_no_stream(self._url, output.sources):
            raise UsageError(f"Output {name}, url: {why}")
        check(self.of("source"))

    @property
    def is_of_one(self) -> bool:
        """Whether there is room for one source only."""
        return PLACE not in self._url

    def of(self, source: str) -> str:
        """The address of a source's stream."""
        return self._url.replace(PLACE, safe(source))

    def shown(self, source: str) -> str:
        """The same without a password, for people."""
        return shown(self.of(source))
