"""What to do about a camera, by what it is."""

from __future__ import annotations

from typing import NamedTuple


class Advice(NamedTuple):
    """In words, and a command to copy, empty where none would help."""

    words: str
    command: str = ""


_LIST = "imagebus cameras --list"
_OF_WORD = {
    "starting": Advice("It is being connected: wait some seconds"),
    "dark": Advice("Nothing in its picture is bright, or all of it is of one shade: look at lens, cover and light"),
    "frozen": Advice("It sends the same picture again and again: start the camera again"),
    "silent": Advice("No frame comes: look whether its producer runs and the camera is on", _LIST),
    "lost": Advice("Its connection is lost, or its producer is gone: look at network and power", _LIST),
    "gone": Advice("It was stopped, or has sent nothing for minutes"),
    "refused": Advice("It is not tried again until its address, password or name is changed", _LIST),
}


def advice(word: str, doubt: str, is_stuck: bool, stage: str | None) -> Advice:
    """What to do about a camera of this state; `is_stuck`: its frames come and `stage`, the redactor's, gives none."""
    if word in _OF_WORD:
        return _OF_WORD[word]
    if is_stuck:
        command = f"IMAGEBUS_STAGES={stage} faust -A streams worker" if stage else ""
        return Advice("Its frames come, and no redacted one does: start the redactor's stage, or read its log", command)
    if doubt:
        return Advice(f"The redactor cannot rely on what it sees ({doubt}), and covers more")
    return Advice("")
