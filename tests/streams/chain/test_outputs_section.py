"""Outputs in a chain file: which kinds there are, and that none reads raw pictures unless the file says so."""

from __future__ import annotations

from pathlib import Path

import pytest

from streams.chain.outputs_section import RecordingConf, StreamConf
from streams.chain.types import ChainError
from tests.streams.chain.shipped import checked

STREAM = '[outputs.front]\nkind = "stream"\nurl = "rtsp://recorder/{source}"\n'


def test_outputs_read_the_redacted_pictures_of_all_sources_or_of_those_named(tmp_path: Path) -> None:
    outputs = checked(
        tmp_path, STREAM + '[outputs.disk]\nkind = "recording"\ndir = "/var/lib/recordings"\nsources = ["yard"]\n'
    ).outputs
    assert outputs == {
        "front": StreamConf(topic="REDACTION_FRAME", url="rtsp://recorder/{source}"),
        "disk": RecordingConf(topic="REDACTION_FRAME", sources=["yard"], dir="/var/lib/recordings"),
    }
    takes = {name: [source for source in ("yard", "gate") if each.takes(source)] for name, each in outputs.items()}
    assert takes == {"front": ["yard", "gate"], "disk": ["yard"]}


@pytest.mark.parametrize("topic", ["SOURCE_FRAME", "IMAGEAI_FRAME", "ANNOTATED_FRAME"])
def test_a_raw_topic_leaves_the_bus_only_where_the_file_says_raw(topic: str, tmp_path: Path) -> None:
    text = f'{STREAM}topic = "{topic}"\n'
    with pytest.raises(ChainError, match=f"front, topic: expected a redacted topic, or raw = true.* got {topic}"):
        checked(tmp_path, text)
    assert checked(tmp_path, text + "raw = true\n").outputs["front"].raw


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[outputs.front]\nkind = "steam"\n', "Output front, kind: expected .*stream.*, got 'steam'"),
        ("[outputs.front]\nkind = [1]\n", r"Output front, kind: expected .*, got \[1\]"),
        ("[outputs.front]\n", "Output front, kind: expected .*, got None"),
        ('[outputs]\nfront = "rtsp://recorder"\n', "Output front, kind: expected .*, got None"),
        (STREAM + "dir = 1\n", "Output front, dir: expected .*url"),
        (STREAM + "fps = 0\n", "Output front, fps: expected `float` > 0"),
        (STREAM + 'sources = ["a\\nb"]\n', "Output front: sources: expected characters that can be seen"),
        (STREAM.replace("front", '"../x"'), "Output '../x': expected a name of a-z"),
        (
            STREAM + 'topic = "REDACTED_FRAME"\n',
            "front, topic: expected .*REDACTION_FRAME.*, got REDACTED_FRAME",
        ),
        (STREAM + 'topic = "COUNTS"\nraw = true\n', "Output front, topic: expected .*, got COUNTS"),
        (STREAM + 'topic = "DEAD_REDACT"\nraw = true\n', "Output front, topic: expected .*, got DEAD_REDACT"),
    ],
)
def test_an_output_that_could_not_run_is_refused(text: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(ChainError, match=message):
        checked(tmp_path, text)


def test_two_recordings_have_a_folder_each(tmp_path: Path) -> None:
    text = '[outputs.{}]\nkind = "recording"\ndir = "{}"\n'
    with pytest.raises(ChainError, match="Output more, dir: expected a folder of its own, got that of disk"):
        checked(
            tmp_path, text.format("disk", "/var/lib/recordings") + text.format("more", "/var/lib/../lib/recordings/")
        )
