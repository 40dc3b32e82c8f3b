"""Words of deface's command line that are none here, each with what says the same."""

from __future__ import annotations

_ANSWERS = {
    ("--thresh", "-t"): "the confidence from which faces are hidden is --minimum-confidence, and the detector's "
    "--detect.minimum-confidence; as --faces sets it, 0.06 finds more than deface's 0.2",
    ("--scale", "-s"): "pictures are looked at as closely as they need; --detect.smallest-px says how small a face is "
    "to be found, --detect.max-looks bounds the time",
    ("--mask-scale",): "boxes grow on each side by --padding, a share of their size: --mask-scale 1.3 is --padding 0.3",
    (
        "--replacewith",
        "--replaceimg",
    ): "--style says what is shown in place of what is hidden: solid, pixelate (for mosaic) or blur; none "
    "hides nothing and img shows a picture, which is not done here",
    ("--keep-audio", "-k"): "--audio keep keeps the sound",
    ("--boxes",): "what is hidden is always a box",
    (
        "--draw-scores",
    ): "how sure a detector is shows `imagebus try detect_faces FILE`, and --report the frames in doubt",
    (
        "--mosaicsize",
    ): "--style pixelate chooses the size of its cells by what is hidden, so that nobody is told from it",
    ("--preview", "-p"): "progress is shown, and --report has pictures",
    ("--ffmpeg-config",): "--codec and --crf say how videos are encoded",
    ("--backend", "--execution-provider", "--ep"): "--detect.device says where the network runs",
    ("--keep-metadata", "-m"): "metadata of the source is never kept",
}
_BY_WORD = {word: answer for words, answer in _ANSWERS.items() for word in words}


def answer_to(word: str) -> str:
    """What to say to a word of deface's; empty for any other."""
    return f"{word} is a word of deface's: {_BY_WORD[word]}" if word in _BY_WORD else ""
