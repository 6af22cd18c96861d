"""Deceleration and acceleration capacity: phase-rectified signal averaging of NN intervals.

Takes intervals in which NaN marks every break, as `joey.features.variability` does.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import nan
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Capacity", "measure_acceleration_capacity", "measure_deceleration_capacity"]

LARGEST_STEP = 0.05  # share of the interval before: a larger step is no anchor


@dataclass(frozen=True, slots=True)
class Capacity:
    """One capacity with what it rests on.

    Parameters
    ----------
    value : float
        NaN without anchors. [ms]
    anchors : int
        Intervals that were averaged around.
    rejected : float
        Share of would-be anchors left out because they step by more than 5 %, 0 to 1.
    """

    value: float
    anchors: int
    rejected: float


def measure_deceleration_capacity(
    nn: NDArray[np.float64], *, anchor: int = 3, scale: int = 2, reach: int = 50
) -> Capacity:
    """Return the deceleration capacity: how far intervals lengthen around where they lengthen.

    Parameters
    ----------
    nn : ndarray of float64, shape (n,)
        NN intervals, NaN at breaks. [ms]
    anchor : int, default 3
        T: interval i is an anchor where the mean of T intervals from i on exceeds the mean of the T
        before it. The adult T = 1 is dominated by timing noise at neonatal rates.
    scale : int, default 2
        s: the value is half the difference between the means of s averaged intervals from the
        anchor on and of s before it.
    reach : int, default 50
        L: anchors lie at least this many intervals inside the window.

    Returns
    -------
    Capacity
        Positive for a deceleration capacity.

    Notes
    -----
    With s = 2: [X(0) + X(1) - X(-1) - X(-2)] / 4. Around an anchor only the intervals that enter T
    and s must follow each other without a break; [1]_ has no breaks.

    References
    ----------
    .. [1] A. Bauer et al., "Deceleration capacity of heart rate as a predictor of mortality after
       myocardial infarction: cohort study", Lancet, vol. 367, pp. 1674-1681, 2006,
       :doi:`10.1016/S0140-6736(06)68735-7`.
    """
    return _capacity(nn, 1.0, anchor, scale, reach)


def measure_acceleration_capacity(
    nn: NDArray[np.float64], *, anchor: int = 3, scale: int = 2, reach: int = 50
) -> Capacity:
    """Return the acceleration capacity: as `measure_deceleration_capacity`, where they shorten.

    The value is negative. For a stationary Gaussian series it is as large as the deceleration
    capacity.
    """
    return _capacity(nn, -1.0, anchor, scale, reach)


def _capacity(
    nn: NDArray[np.float64], sign: float, anchor: int, scale: int, reach: int
) -> Capacity:
    if min(anchor, scale) < 1 or reach < max(anchor, scale):
        msg = f"anchor and scale are at least 1 and at most reach, not {anchor}, {scale}, {reach}"
        raise ValueError(msg)
    if len(nn) <= 2 * reach:
        return Capacity(nan, 0, nan)
    at = np.arange(reach, len(nn) - reach)
    # A NaN in one of the intervals that enter makes the comparison false.
    rise = _mean_from(nn, at, anchor) - _mean_from(nn, at - anchor, anchor)
    swing = (_mean_from(nn, at, scale) - _mean_from(nn, at - scale, scale)) / 2.0
    wanted = (sign * rise > 0) & np.isfinite(swing)
    small = np.abs(nn[at] / nn[at - 1] - 1.0) <= LARGEST_STEP
    chosen = wanted & small
    if not np.any(chosen):
        return Capacity(nan, 0, nan)
    share = 1.0 - int(chosen.sum()) / int(wanted.sum())
    return Capacity(float(np.mean(swing[chosen])), int(chosen.sum()), share)


def _mean_from(nn: NDArray[np.float64], at: NDArray[np.int64], count: int) -> NDArray[np.float64]:
    """Return the mean of `count` intervals from each index on."""
    total = nn[at]
    for k in range(1, count):
        total = total + nn[at + k]
    return np.asarray(total / count, dtype=np.float64)
