"""Detrended fluctuation analysis: how the swing of heart rate grows with the time it is given.

Takes intervals in which NaN marks every break, as `joey.features.variability` does.
"""

from __future__ import annotations

from math import nan
from typing import TYPE_CHECKING

import numpy as np

from joey.signals import runs_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["measure_alpha1"]

FEWEST = 200  # intervals, below which the slope is not stable


def measure_alpha1(
    nn: NDArray[np.float64], *, shortest: int = 4, longest: int = 16, fewest: int = FEWEST
) -> float:
    """Return the short-term scaling exponent alpha1. [1]

    The sum of the mean-removed intervals is cut into boxes of n intervals, without overlap and from
    the start on, and each box is freed of its straight line; F(n) is the root mean square of what
    remains, and alpha1 the slope of log F on log n over n = 4, 5 ... 16. Boxes begin anew after a
    break; what does not fill a box is left out.

    Parameters
    ----------
    nn : ndarray of float64, shape (n,)
        NN intervals, NaN at breaks. [ms]
    shortest, longest : int
        Box sizes. [beats]
    fewest : int
        NaN below this many intervals.

    References
    ----------
    .. [1] C.-K. Peng et al., "Quantification of scaling exponents and crossover phenomena in
       nonstationary heartbeat time series", Chaos, vol. 5, pp. 82-87, 1995,
       :doi:`10.1063/1.166141`.
    """
    known = np.isfinite(nn)
    if int(known.sum()) < fewest:
        return nan
    # The mean is that of all intervals: any other differs by a line, which each box loses.
    profile = np.cumsum(np.where(known, nn - np.mean(nn[known]), 0.0))
    runs = runs_of(known)
    sizes = np.arange(shortest, longest + 1)
    swing = np.array([_fluctuation(profile, runs, int(n)) for n in sizes])
    if not np.all(swing > 0):
        return nan
    x = np.log(sizes)
    x -= x.mean()
    return float(np.sum(x * np.log(swing)) / np.sum(x * x))


def _fluctuation(profile: NDArray[np.float64], runs: NDArray[np.int64], n: int) -> float:
    """Return F(n); NaN where no run holds a box."""
    boxes = (runs[:, 1] - runs[:, 0]) // n
    count = int(boxes.sum())
    if count == 0:
        return nan
    number = np.arange(count) - np.repeat(np.cumsum(boxes) - boxes, boxes)
    starts = np.repeat(runs[:, 0], boxes) + number * n
    box = profile[starts[:, None] + np.arange(n)]
    t = np.arange(n) - (n - 1) / 2.0
    box = box - box.mean(axis=1, keepdims=True)
    box = box - (box @ t / (t @ t))[:, None] * t
    return float(np.sqrt(np.mean(box * box)))
