"""The median of the last values, kept sorted: what a detector takes for usual."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from joey.compiled import kernel

__all__ = ["RING", "push"]

RING = 8  # beats that a median is of


@kernel(counted=False)
def push(ring: NDArray[np.float64], order: NDArray[np.float64], count: int, value: float) -> float:
    """Put a value in the place of the oldest; return the median of those in the ring.

    Parameters
    ----------
    ring, order : ndarray of float64, shape (n,)
        The values as they came, and sorted; changed in place.
    count : int
        How many were put before.
    value : float
        The new one.
    """
    if len(ring) == RING:  # compiled for this length: twice as fast as for any
        return float(_push(ring, order, count, value, RING))
    return float(_push(ring, order, count, value, len(ring)))


@kernel(inline="always", counted=False)
def _push(
    ring: NDArray[np.float64], order: NDArray[np.float64], count: int, value: float, n: int
) -> float:
    if count < n:
        ring[count] = value
        k = count
        while k > 0 and order[k - 1] > value:
            order[k] = order[k - 1]
            k -= 1
        order[k] = value
        return float(0.5 * (order[count // 2] + order[(count + 1) // 2]))
    # Without the oldest, and with the new one between its neighbors: no branch to guess.
    old = ring[count % n]
    ring[count % n] = value
    before = -np.inf
    for k in range(n - 1):
        kept = order[k] if order[k] < old else order[k + 1]
        order[k] = max(before, min(kept, value))
        before = kept
    order[n - 1] = max(before, value)
    return float(0.5 * (order[(n - 1) // 2] + order[n // 2]))
