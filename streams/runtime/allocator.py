"""How this process gives memory back to the system: not after every frame."""

from __future__ import annotations

import ctypes

# mallopt(3) of glibc.
_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
_KEPT, _LARGEST = 64 * 1024 * 1024, 32 * 1024 * 1024


def keep_for_next_frame() -> None:
    """Have pictures use the memory of those before: else the system clears it anew, a tenth of a redactor's time."""
    libc = ctypes.CDLL(None)
    if hasattr(libc, "mallopt"):  # musl and macOS have none
        libc.mallopt(_TRIM_THRESHOLD, _KEPT)
        libc.mallopt(_MMAP_THRESHOLD, _LARGEST)
