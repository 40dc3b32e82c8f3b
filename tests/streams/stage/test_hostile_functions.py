"""A function may do anything with one frame: all others come out, in order, and the worker goes on and ends in time."""

from __future__ import annotations

import signal
from collections.abc import Sequence
from pathlib import Path

import pytest
from confluent_kafka import Message

from tests.bus import consume, length, produce_all
from tests.hostile_functions import AT, WAYS
from tests.streams import frames
from tests.streams.chains import environment, wait_ready, worker

COUNT = 51
OTHERS = [seq for seq in range(COUNT) if seq != AT]
# What takes the process with it is in a test of its own.
DEADLY = ("abort", "segfault")
# The frame comes out itself, as it came.
HARMLESS = [
    "mutates",
    "cyclic_options",
    "closes_stdin",
    "redirects",
    "moves",
    "clears_environment",
    "threads_that_die",
    "collector",
    "stops_logging",
    "warns",
    "many_threads_of_opencv",
]
REASONS = {
    "value_error": "ValueError: no",
    "stop_iteration": "StopIteration: ",
    "stop_async_iteration": "StopAsyncIteration: ",
    "generator_exit": "GeneratorExit: ",
    "keyboard_interrupt": "KeyboardInterrupt: ",
    "sys_exit": "SystemExit: 2",
    "cancelled": "CancelledError: ",
    "own_base": "Own: mine",
    "group": "BaseExceptionGroup: all (2 sub-exceptions)",
    "system_exit_of_a_loop": "",
    "skipped": "Skipped: ",
    "record_error": "\\ud800",
    "opencv": "error: OpenCV",
    "code_of_opencv": "error: no",
    "recursion": "RecursionError: maximum recursion depth exceeded",
    "surrogate": "FileNotFoundError: [Errno 2] No such file or directory: '/nowhere/k\\udce4se.jpg'",
    "mute": "Mute: its text cannot be made (ValueError)",
    "quits": "Quits: its text cannot be made (SystemExit)",
    "number": "Number: its text cannot be made (TypeError)",
    "stuck": "TookTooLong: Expected an answer within 3 s, got none",
    "faceless": "Faceless: ",
    "sly": "Sly: sly",
    "long": f"ValueError: {'x' * 900}",
    "text": "BadResult: misbehave: expected a Frame, several or None, got str",
    "cyclic": "BadResult: misbehave: expected a Frame, several or None, got list",
    "generator": "BadResult: misbehave: expected a Frame, several or None, got generator",
    "endless": "BadResult: misbehave: expected at most 256 frames",
    "many": "BadResult: misbehave: expected at most 256 frames",
    "trap": "SystemExit: 5",
    "long_label": "length <= 128 - at `$.detections[0].label`",
    "bad_label": "surrogates not allowed",
    "nan": "Expected a box within 768x576",
    "complex": "at `$.detections[0].confidence`",
    "tall": "ValueError: Maximum supported image dimension is 65500 pixels",
    "noise": "Expected a record of at most",
    "no_jpeg": "missing required field `size_wh`",
    "no_picture": "AttributeError: 'NoneType' object has no attribute",
}
LIMITS: dict[str, object] = {"functions": "tests.hostile_functions", "time_limit_s": 3, "threads": 2, "partitions": 1}
STAGE = """
[stages.{how}]
function = "misbehave"
input = "{topic}"
output = "{topic}_{how}"
options = {{ how = "{how}", met = "{met}" }}
"""


def chain(topic: str, ways: Sequence[str], met: str = "") -> str:
    """A stage for each way, all of which read one topic."""
    stages = "".join(STAGE.format(topic=topic, how=how, met=met) for how in ways)
    return f"{stages}\n[topics.{topic}]\n"


def reason_of(message: Message) -> str:
    """Why it is a dead letter."""
    reason = dict(message.headers())["reason"]
    assert isinstance(reason, bytes)
    return reason.decode()


def test_every_way_has_its_test() -> None:
    assert {*REASONS, *HARMLESS, *DEADLY} == WAYS.keys()


@pytest.mark.parametrize(
    "ways", [list(REASONS)[at : at + 10] for at in range(0, len(REASONS), 10)], ids=lambda ways: ways[0]
)
def test_one_frame_is_a_dead_letter_and_all_others_come_out(kafka: str, tmp_path: Path, ways: list[str]) -> None:
    topic = f"HOSTILE_{ways[0].upper()}"
    env = environment(kafka, tmp_path, chain(topic, ways), **LIMITS)
    with worker(env) as process:
        wait_ready(process, *ways)
        produce_all(kafka, topic, frames.pairs(range(COUNT)))
        for how in ways:
            good = consume(kafka, f"{topic}_{how}", len(OTHERS))
            (dead,) = consume(kafka, f"DEAD_{how.upper()}", 1)
            assert frames.seqs(good) == OTHERS, how
            assert frames.seqs([dead]) == [AT], how
            assert REASONS[how] in reason_of(dead), how
            assert len(reason_of(dead)) <= 1000, how
        assert process.terminate(signal.SIGTERM, timeout_s=8) == 0
    for how in ways:
        assert length(kafka, f"DEAD_{how.upper()}") == 1, how


def test_what_a_function_does_to_its_process_costs_no_frame(kafka: str, tmp_path: Path) -> None:
    env = environment(kafka, tmp_path, chain("HOSTILE_HARMLESS", HARMLESS), **LIMITS)
    with worker(env) as process:
        wait_ready(process, *HARMLESS)
        produce_all(kafka, "HOSTILE_HARMLESS", frames.pairs(range(COUNT)))
        for how in HARMLESS:
            good = consume(kafka, f"HOSTILE_HARMLESS_{how}", COUNT)
            assert frames.seqs(good) == list(range(COUNT)), how
            assert frames.read(good)[AT].jpeg == frames.frame(AT).jpeg, how
            assert length(kafka, f"DEAD_{how.upper()}") == 0, how
        assert process.terminate(signal.SIGTERM, timeout_s=8) == 0


@pytest.mark.parametrize("how", DEADLY)
def test_a_frame_that_takes_its_process_with_it_is_met_three_times(kafka: str, tmp_path: Path, how: str) -> None:
    topic, met = f"HOSTILE_{how.upper()}", tmp_path / "met"
    env = environment(kafka, tmp_path, chain(topic, [how], str(met)), **LIMITS)
    for start in range(3):
        with worker(env) as process:
            if not start:
                wait_ready(process, how)
                produce_all(kafka, topic, frames.pairs(range(COUNT)))
            assert process.wait(40) == -(signal.SIGABRT if how == "abort" else signal.SIGSEGV)
            assert len(met.read_text().split()) == start + 1
    with worker(env) as process:
        (dead,) = consume(kafka, f"DEAD_{how.upper()}", 1, 40)
        good = consume(kafka, f"{topic}_{how}", lambda read: len(set(frames.seqs(read))) == len(OTHERS), 40)
        assert process.terminate(signal.SIGTERM, timeout_s=8) == 0

    assert frames.first_seen(frames.seqs(good)) == OTHERS
    assert frames.seqs([dead]) == [AT]
    assert "got one met at 3 stops: its process died" in reason_of(dead)
    assert length(kafka, f"DEAD_{how.upper()}") == 1
    assert len(met.read_text().split()) == 3
