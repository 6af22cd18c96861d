"""How a worker holds memory: large arrays are taken from the system, and given back.

All beds begin a section at the same mark of ten minutes, and drop the last one 20 s later. The C
library learns from such large pieces to keep what is freed, for itself and in holes; a worker of
500 beds grew by 2 GB at the first mark and stayed so. New arrays were written to at once, too,
where memory from the system costs nothing until its pages are used.

What is small stays with the C library, in holes between what lasts: after each mark more of them,
until all beds' small arrays have found room. So its free pages go back once a minute, too.
"""

from __future__ import annotations

import ctypes

__all__ = ["give_back", "tidy"]

M_MMAP_THRESHOLD = -3  # of mallopt(3), glibc; musl has no such call and keeps nothing as large
LARGE = 96 * 1024  # bytes: from here on by itself; those of a live step at 250 Hz are smaller


def give_back() -> bool:
    """Have what is large taken from the system by itself, and given back when it is dropped.

    For the rest of this process.

    Returns
    -------
    bool
        Whether the C library can be told so.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    return mallopt is not None and mallopt(M_MMAP_THRESHOLD, LARGE) == 1


def tidy() -> bool:
    """Return the free pages among what is small to the system.

    Returns
    -------
    bool
        Whether there were any.
    """
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    return trim is not None and trim(0) == 1
