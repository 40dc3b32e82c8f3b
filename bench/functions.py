"""Functions whose cost is known, for benches of what goes on around them."""

from __future__ import annotations

import time
from typing import Annotated

from msgspec import Meta

from functions import Frame, function


@function
def wait(frame: Frame, *, milliseconds: Annotated[float, Meta(ge=0)] = 40) -> Frame:
    """Take so long and nothing of a core, as a model on an accelerator does."""
    time.sleep(milliseconds / 1000)
    return frame
