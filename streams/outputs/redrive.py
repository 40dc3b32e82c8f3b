"""Redrive: copies of dead letters go back to an input of their stage, and bear how often that happened."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from threading import Event

from tqdm import tqdm

from functions.core.errors import UsageError
from streams.chain.types import Chain
from streams.outputs.dead_letters import DeadLetter, last_of_each
from streams.outputs.reader import TopicReader
from streams.outputs.writer import TopicWriter
from streams.settings import Settings
from streams.wire.reading import REDRIVEN


def homes(chain: Chain, stage: str) -> tuple[str, ...]:
    """The topics to which dead letters of a stage may go: its inputs that are not redacted. Raises UsageError."""
    if stage not in chain.stages:
        raise UsageError(f"Stage {stage}: expected a stage of functions, since counting leaves out what was redriven")
    inputs = chain.stages[stage].inputs
    raw = tuple(topic for topic in inputs if not chain.redacted(topic))
    if not raw:
        raise UsageError(
            f"Stage {stage}: expected an input that is not redacted, since dead letters are raw, "
            f"got {' and '.join(inputs)}"
        )
    return raw


def redrive(
    settings: Settings, chain: Chain, stage: str, reader: TopicReader, letters: Iterable[DeadLetter], stop: Event
) -> Counter[str]:
    """Write these letters back, each record once; how many went to each topic, and how many stay and why.

    A header may choose among the stage's raw inputs, and nothing else. Raises UsageError.
    """
    raw = homes(chain, stage)
    outcome: Counter[str] = Counter()
    chosen: dict[tuple[int, int], DeadLetter] = {}
    for letter in last_of_each(letters):
        if letter.final:
            outcome[f"not redriven: {letter.final}"] += 1
        else:
            chosen[letter.partition, letter.offset] = letter
    writers: dict[str, TopicWriter] = {}
    with tqdm(total=len(chosen), unit=" letters", disable=None) as bar:
        for message in reader.held(stop):
            place = (message.partition, message.offset)
            if place in chosen:
                letter = chosen.pop(place)
                topic = letter.came_from if letter.came_from in raw else raw[0]
                if topic not in writers:
                    writers[topic] = TopicWriter(settings, chain, topic)
                mark = {REDRIVEN: str(letter.redriven + 1).encode()}
                writers[topic].write(message.key, message.value or b"", mark)
                bar.update()
            if not chosen:
                break
    for topic, writer in writers.items():
        writer.flush()
        outcome[f"redriven to {topic}"] = writer.acknowledged
    if chosen:
        outcome["not redriven: stopped before" if stop.is_set() else "not redriven: expired meanwhile"] = len(chosen)
    return outcome
