"""Functions over frames: one a module of this folder, found by itself; what they are made of is in the packages.

Begin with `annotate.py`, then `core/`: a function imports `Frame` and `function` from here.
"""

from functions.core.frame import Detection, Frame, Hop, Redaction
from functions.core.registry import function

__all__ = ["Detection", "Frame", "Hop", "Redaction", "function"]
