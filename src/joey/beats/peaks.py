"""Where energy peaks and which deflection is near: plain loops, compiled."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

__all__ = ["extremes", "peaks"]


@njit(cache=True)
def peaks(energy: NDArray[np.int64], neighbor: int) -> NDArray[np.int64]:
    """Return where energy is positive and largest within +-neighbor; the first of equals."""
    found = np.empty(len(energy) // (neighbor + 1) + 1, dtype=np.int64)
    n = 0
    top = 0
    for i in range(1, len(energy) + 1):
        if i < len(energy) and i - top <= neighbor:
            if energy[i] > energy[top]:
                top = i
            continue
        # Nothing larger came within reach; was there before? What lies between cannot be one.
        if energy[top] > 0:
            alone = True
            for j in range(max(top - neighbor, 0), top):
                if energy[j] >= energy[top]:
                    alone = False
                    break
            if alone:
                found[n] = top
                n += 1
        top = i
    return found[:n].copy()


@njit(cache=True)
def extremes(
    timed: NDArray[np.int64], at: NDArray[np.int64], around: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return where, within +-around of each place, the signal is largest and smallest."""
    high = np.empty(len(at), dtype=np.int64)
    low = np.empty(len(at), dtype=np.int64)
    for k in range(len(at)):
        first = at[k] - around
        high[k] = first
        low[k] = first
        for i in range(first + 1, at[k] + around + 1):
            if timed[i] > timed[high[k]]:
                high[k] = i
            if timed[i] < timed[low[k]]:
                low[k] = i
    return high, low
