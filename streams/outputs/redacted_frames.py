"""The frames that an output may let out: those of its topic and sources, checked, through a bus that comes and goes."""

from __future__ import annotations

import logging
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Self

from functions.core.frame import Frame
from streams.chain.outputs_section import OutputConf
from streams.kafka.topics import BusError
from streams.outputs.reader import Received, TopicReader
from streams.runtime.logs import Seldom
from streams.settings import Settings
from streams.wire.reading import named_frame_of, redriven
from streams.wire.records import RecordError

log = logging.getLogger(__name__)

_ASK_S, _RETRY_S = 2.0, 1.0


class RedactedFrames:
    """The frames that come from now on, each once; what no redactor has seen is left out, unless the output says `raw`.

    `name` is the output's, for what is said: what cannot be let out, and once that the bus is away, or back. `begin` is
    called with each reader, to have it begin elsewhere than at the newest. Raises UsageError for settings with which no
    bus could be reached.
    """

    def __init__(
        self,
        settings: Settings,
        name: str,
        output: OutputConf,
        begin: Callable[[TopicReader], None] = TopicReader.begin_at_the_end,
    ) -> None:
        self._settings, self._name, self._output, self._begin = settings, name, output, begin
        self.next_offsets: dict[int, int] = {}  # by partition, of whatever came
        self._reader: TopicReader | None = None
        self._trouble = ""
        self._seldom = Seldom(log)
        self._last: OrderedDict[str, tuple[str, int, str]] = OrderedDict()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._close()

    def poll(self) -> list[Frame]:
        """What has come; waits a moment for it, a few seconds while there is no bus, of which nothing comes."""
        return [frame for frame, _ in self.poll_with_messages()]

    def poll_with_messages(self) -> list[tuple[Frame, Received]]:
        """The same, each with the message in which it came."""
        try:
            if self._reader is None:
                self._reader = TopicReader(self._settings, self._output.topic, _ASK_S)
                self._begin(self._reader)
            messages = self._reader.poll()
        except BusError as error:
            self._close()
            self._tell(str(error))
            time.sleep(_RETRY_S)
            return []
        self._tell("" if messages else self._reader.away or self._trouble)
        self.next_offsets |= {message.partition: message.offset + 1 for message in messages}
        return [(frame, message) for message in messages for frame in self._checked(message)]

    def _close(self) -> None:
        if self._reader:
            self._reader.close()
        self._reader = None

    def _tell(self, trouble: str) -> None:
        """Say what is wrong, or that nothing is any more, where that has changed."""
        if trouble and not self._trouble:
            log.warning("Output %s: no frames: %s; it waits for the bus", self._name, trouble)
        elif self._trouble and not trouble:
            log.info("Output %s: frames come again", self._name)
        self._trouble = trouble

    def _checked(self, message: Received) -> Iterator[Frame]:
        try:
            frame = named_frame_of(message, self._settings.max_record_bytes, self._output.raw)
            is_of_the_past = redriven(message.headers) > 0  # what was written back to a stage
        except RecordError as error:
            place = f"{message.topic}@{message.partition}/{message.offset}"
            why = str(error)[:1].lower() + str(error)[1:]
            self._seldom.warning(why, f"Output {self._name}: {place} is left out: {why}", {"place": place})
            return
        if self._output.takes(frame.source) and not is_of_the_past and not self._repeats(frame):
            yield frame

    def _repeats(self, frame: Frame) -> bool:
        """Whether it came before: a stage that is started again does some frames again."""
        run, seq, last = self._last.get(frame.source, ("", 0, ""))
        if run == frame.run and (frame.seq < seq or frame.id == last):
            return True
        self._last[frame.source] = (frame.run, frame.seq, frame.id)
        self._last.move_to_end(frame.source)
        if len(self._last) > self._settings.sources:
            self._last.popitem(last=False)
        return False
