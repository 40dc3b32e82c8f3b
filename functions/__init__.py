"""Functions over frames: pure, one small file each. Every module of this folder is found by itself."""

from functions.frame import Detection, Frame, Hop, Redaction
from functions.registry import function

__all__ = ["Detection", "Frame", "Hop", "Redaction", "function"]
