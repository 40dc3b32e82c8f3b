"""Which of a container's video streams is read."""

from __future__ import annotations

from typing import Any

from av.stream import Discard, Disposition

# Not the video itself: a cover, a preview for the seek bar, a part of another picture.
_EXTRAS = {
    Disposition.attached_pic: "cover picture",
    Disposition.timed_thumbnails: "previews",
    Disposition.dependent: "part of another",
}
# Beside a film they are no film.
_PICTURE_CODECS = frozenset({"bmp", "png", "tiff", "webp"})


class StreamError(ValueError):
    """No stream can be read, or not the one that is asked for; the text says which there are."""


def choose(container: Any, number: int | None = None) -> Any:
    """The stream of this number, else the best; all others are discarded, so that nothing of them is fetched.

    The best is, as for FFmpeg, a video rather than a picture beside it, then the largest, the default one, the fastest.
    Raises StreamError.
    """
    videos = [stream for stream in container.streams.video if stream.codec_context]
    if number is None:
        # An only picture is what was asked for, whatever it is called: a song's cover is no video.
        chosen = max(videos, key=_rank, default=None)
    else:
        chosen = next((stream for stream in videos if stream.index == number), None)
    if chosen is None:
        raise StreamError(_none_of(container, videos, number))
    for stream in container.streams:
        if stream is not chosen:
            stream.discard = Discard.all
    return chosen


def described(container: Any, chosen: Any) -> str:
    """The chosen stream, and the others where there is more than one."""
    others = [stream for stream in container.streams.video if stream.index != chosen.index and stream.codec_context]
    if not others:
        return _what(chosen)
    return f"{_what(chosen)}, stream {chosen.index}; not read: {_listed(others)}"


def _rank(stream: Any) -> tuple[bool, int, bool, float]:
    """Larger is better; of equals, max takes the first."""
    context = stream.codec_context
    default = bool(stream.disposition & Disposition.default)
    rate = float(stream.average_rate or stream.guessed_rate or 0)
    return _extra(stream) is None, context.width * context.height, default, rate


def _extra(stream: Any) -> str | None:
    named = next((name for mark, name in _EXTRAS.items() if stream.disposition & mark), None)
    return named or ("picture" if stream.codec_context.name in _PICTURE_CODECS else None)


def _none_of(container: Any, videos: list[Any], number: int | None) -> str:
    if number is None:
        return "one of a format that is not known" if container.streams.video else "data without a picture"
    return f"no video stream {number} (there are: {_listed(videos) or 'none'})"


def _listed(streams: list[Any]) -> str:
    return ", ".join(f"{stream.index} {_what(stream)}" for stream in streams)


def _what(stream: Any) -> str:
    context, extra = stream.codec_context, _extra(stream)
    size = f"{context.name} {context.width}x{context.height}"
    return f"{size} ({extra})" if extra else size
