"""`imagebus watch`: a topic's records as they come, without pictures."""

from __future__ import annotations

import click

from streams import settings
from streams.outputs.reader import Received, TopicReader
from streams.outputs.shown import as_json, as_text
from streams.runtime.shutdown import stopped_by_signals
from streams.wire.reading import AnyRecord, record_of
from streams.wire.records import Record, RecordError


@click.command()
@click.argument("topic")
@click.option("--source", "sources", multiple=True, metavar="NAME", help="Only of this source; may be repeated.")
@click.option("--label", "labels", multiple=True, help="Only frames with such a detection; may be repeated.")
@click.option("--json", "as_object", is_flag=True, help="One JSON object a line.")
def watch(topic: str, sources: tuple[str, ...], labels: tuple[str, ...], as_object: bool) -> None:
    """Print the records of TOPIC as they come, without their pictures, until Ctrl-C.

    Frames, visits, counts, states of cameras, zones; dead letters with their reason. What cannot be read is said.
    """
    conf = settings.load()
    show = as_json if as_object else as_text
    with stopped_by_signals() as stop, TopicReader(conf, topic) as reader:
        click.echo(f"Watching {topic} (Ctrl-C ends)", err=True)
        for message in reader.coming(stop.event):
            record = _read(message, conf.max_record_bytes)
            if _is_wanted(message, record, sources, labels):
                click.echo(show(message, record))


def _read(message: Received, max_bytes: int) -> AnyRecord | RecordError | None:
    try:
        return record_of(message, max_bytes)
    except RecordError as error:
        return error


def _is_wanted(
    message: Received, record: AnyRecord | RecordError | None, sources: tuple[str, ...], labels: tuple[str, ...]
) -> bool:
    key = (message.key or b"").decode(errors="replace")
    if sources and getattr(record, "source", key) not in sources:
        return False
    return not labels or (isinstance(record, Record) and any(found.label in labels for found in record.detections))
