"""Loops that cannot be array operations, compiled by numba at their first use."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numba import njit

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["match_counts"]


@njit(cache=True)
def match_counts(
    ticks: NDArray[np.int32], starts: NDArray[np.int64], m: int, tolerance: int
) -> tuple[int, int]:
    """Return the pairs of templates that match over m + 1 and over m points.

    Parameters
    ----------
    ticks : ndarray of int32, shape (n,)
        The series.
    starts : ndarray of int64, shape (k,)
        First point of each template; each has m + 1 points.
    m, tolerance : int
        As in `joey.features.entropy.count_matches`.
    """
    a = 0
    b = 0
    for p in range(len(starts) - 1):
        i = starts[p]
        first = np.int64(ticks[i])
        for q in range(p + 1, len(starts)):
            j = starts[q]
            if abs(np.int64(ticks[j]) - first) > tolerance:
                continue
            k = 1
            while k < m and abs(np.int64(ticks[j + k]) - np.int64(ticks[i + k])) <= tolerance:
                k += 1
            if k == m:
                b += 1
                if abs(np.int64(ticks[j + m]) - np.int64(ticks[i + m])) <= tolerance:
                    a += 1
    return a, b
