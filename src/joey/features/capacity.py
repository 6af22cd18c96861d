"""Deceleration and acceleration capacity: phase-rectified signal averaging of NN intervals.

Takes intervals in which NaN marks every break, as `joey.features.variability` does.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from joey.features.inputs import intervals_in

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = [
    "Capacities",
    "Capacity",
    "capacities",
    "measure_acceleration_capacity",
    "measure_deceleration_capacity",
]

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


@dataclass(frozen=True, slots=True, eq=False)
class Capacities:
    """One capacity of many windows: fields as in `Capacity`, arrays of shape (w,)."""

    value: NDArray[np.float64]
    anchors: NDArray[np.int64]
    rejected: NDArray[np.float64]


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
    return _alone(nn, anchor, scale, reach)[0]


def measure_acceleration_capacity(
    nn: NDArray[np.float64], *, anchor: int = 3, scale: int = 2, reach: int = 50
) -> Capacity:
    """Return the acceleration capacity: as `measure_deceleration_capacity`, where they shorten.

    The value is negative. For a stationary Gaussian series it is as large as the deceleration
    capacity.
    """
    return _alone(nn, anchor, scale, reach)[1]


def capacities(
    rows: NDArray[np.float64],
    lengths: NDArray[np.int64],
    *,
    anchor: int = 3,
    scale: int = 2,
    reach: int = 50,
) -> tuple[Capacities, Capacities]:
    """Return the deceleration and the acceleration capacity of many windows at once.

    Parameters
    ----------
    rows : ndarray of float64, shape (w, wide)
        One window each: NN intervals, NaN at breaks and behind the end. [ms]
    lengths : ndarray of int64, shape (w,)
        How much of each row is its window.
    anchor, scale, reach : int
        As in `measure_deceleration_capacity`.

    Raises
    ------
    ValueError
        If the settings cannot be met.
    """
    if min(anchor, scale) < 1 or reach < max(anchor, scale):
        msg = f"anchor and scale are at least 1 and at most reach, not {anchor}, {scale}, {reach}"
        raise ValueError(msg)
    from joey.features import window_kernels  # noqa: PLC0415 - numba is slow to import

    swings = np.empty((2, len(rows)))
    anchors = np.empty((4, len(rows)), dtype=np.int64)
    window_kernels.capacities(rows, lengths, anchor, scale, reach, LARGEST_STEP, swings, anchors)
    with np.errstate(invalid="ignore"):
        value = swings / np.where(anchors[:2] > 0, anchors[:2], np.nan)
        rejected = anchors[2:] / np.where(anchors[:2] > 0, anchors[:2] + anchors[2:], np.nan)
    return (
        Capacities(value[0], anchors[0], rejected[0]),
        Capacities(value[1], anchors[1], rejected[1]),
    )


def _alone(
    nn: NDArray[np.float64], anchor: int, scale: int, reach: int
) -> tuple[Capacity, Capacity]:
    rows = intervals_in(nn, "ms").reshape(1, -1)
    found = capacities(rows, np.array([rows.size]), anchor=anchor, scale=scale, reach=reach)
    dc, ac = (Capacity(float(e.value[0]), int(e.anchors[0]), float(e.rejected[0])) for e in found)
    return dc, ac
