"""H.264 in fragmented MP4: what was encoded, as bytes to append to a file that plays while it grows."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import av
from av import VideoFrame
from av.video.frame import PictureType

from functions.core.frame import Size
from functions.core.jpeg import Image
from streams.video.even import even

# Time stamps are microseconds, as on the bus.
UNIT = Fraction(1, 1_000_000)
# A fragment is written when the first frame after it comes.
FRAGMENT_US = 500_000
# Who seeks, or cuts out a part, begins at one of these.
KEY_FRAME_US = 2_000_000
# No frame waits in the encoder for a later one.
_ENCODER = {"preset": "superfast", "tune": "zerolatency", "crf": "25"}
# An index of fragments at the end would be missing after a crash, and no player needs it.
_MUXER = {"movflags": "empty_moov+default_base_moof+skip_trailer", "frag_duration": str(FRAGMENT_US)}
_BT709, _LIMITED = 1, 1
_FASTEST = 1000  # frames a second, of which the encoder asks no more than that they are a number


class FragmentedMp4:
    """One video track of this size; its first frame is at time 0."""

    def __init__(self, size_wh: Size) -> None:
        self._sink = _Sink()
        self._container = av.open(self._sink, "w", format="mp4", options=_MUXER)
        stream: Any = self._container.add_stream("libx264", _FASTEST)
        stream.options = _ENCODER
        stream.width, stream.height = (side + side % 2 for side in size_wh)
        stream.pix_fmt = "yuv420p"
        context = stream.codec_context
        context.time_base, context.gop_size, context.thread_count = UNIT, 100_000, 1
        context.colorspace = context.color_primaries = context.color_trc = _BT709
        context.color_range = _LIMITED
        self._stream = stream
        self._key_at = -KEY_FRAME_US

    def encode(self, image: Image, at: int) -> bytes:
        """The bytes to append once this frame is encoded, `at` microseconds; its own come later."""
        frame = VideoFrame.from_ndarray(even(image), format="bgr24").reformat(
            format="yuv420p", dst_colorspace="ITU709", dst_color_range="MPEG", threads=1
        )
        frame.pts, frame.time_base = at, UNIT
        if at - self._key_at >= KEY_FRAME_US:
            frame.pict_type, self._key_at = PictureType.I, at
        self._container.mux(self._stream.encode(frame))
        return self._sink.take()

    def close(self) -> bytes:
        """The bytes that are left."""
        self._container.mux(self._stream.encode(None))
        self._container.close()
        return self._sink.take()


class _Sink:
    """A file for PyAV that only gathers: on a real one its muxer would not say which bytes a full disk took."""

    def __init__(self) -> None:
        self._gathered = bytearray()

    def write(self, data: bytes) -> int:
        self._gathered += data
        return len(data)

    def take(self) -> bytes:
        taken, self._gathered = bytes(self._gathered), bytearray()
        return taken
