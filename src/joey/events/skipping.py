"""Where uniform samples come near a threshold, block by block: one compiled loop.

Nearly all of a recording lies far from every threshold. What does is passed over in blocks and only
its ends are noted; what may lie beyond is cut out for `stretches`, which alone decides.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

__all__ = ["near_stretches"]

BLOCK = 256  # samples looked at together


@njit(cache=True)
def _is_far(block: NDArray[np.generic], bound: np.generic, below: bool) -> bool:  # noqa: FBT001
    """Return whether all of a block are known and on the far side of the bound."""
    far = True
    if below:
        for i in range(len(block)):
            far &= block[i] > bound
    else:
        for i in range(len(block)):
            far &= block[i] < bound
    return far


@njit(cache=True)
def near_stretches(  # noqa: C901  (one loop, read from top to bottom)
    x: NDArray[np.generic],
    runs: NDArray[np.int64],
    bound: np.generic,
    below: bool,  # noqa: FBT001  (a compiled function has no keywords)
    place: NDArray[np.int64],
    out: NDArray[np.int64],
) -> int:
    """Write stretches on one side of the bound from a place on; return how many.

    Parameters
    ----------
    x : ndarray of int16, int32 or float32, shape (n,)
        The samples; NaN ends a stretch and is in none.
    runs : ndarray of int64, shape (k, 2)
        Index ranges to look at.
    bound : scalar of the type of x
        What lies above it (below it, unless `below`) is far from the threshold.
    below : bool
        Whether the threshold is looked for below.
    place : ndarray of int64, shape (2,)
        Run and index to go on at; changed in place, past the last run when all is done.
    out : ndarray of int64, shape (m, 3)
        Room: first, after last, and 1 for near. No more than m are written in a call.
    """
    n = 0
    while place[0] < len(runs):
        at = max(place[1], runs[place[0], 0])
        stop = runs[place[0], 1]
        while at < stop:
            if n == len(out):
                place[1] = at
                return n
            first = at
            far = x[at] > bound if below else x[at] < bound
            if far:
                at += 1
                goes_on = True
                while goes_on:
                    while at + BLOCK <= stop and _is_far(x[at : at + BLOCK], bound, below):
                        at += BLOCK
                    most = min(at + BLOCK, stop)
                    while at < most and (x[at] > bound if below else x[at] < bound):
                        at += 1
                    goes_on = at == most and at < stop
            else:
                while at < stop and x[at] == x[at]:
                    if x[at] > bound if below else x[at] < bound:
                        break
                    at += 1
            if at > first:
                out[n, 0] = first
                out[n, 1] = at
                out[n, 2] = not far
                n += 1
            else:
                at += 1
        place[0] += 1
        place[1] = 0
    return n
