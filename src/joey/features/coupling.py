"""How heart rate and oxygen saturation move together: apneas with falls of both show in it."""

from __future__ import annotations

from dataclasses import dataclass
from math import nan
from typing import TYPE_CHECKING

import numpy as np

from joey.features.standing import standing_at

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from joey.signals import Series

__all__ = ["WINDOW_S", "CrossCorrelation", "cross_correlate", "measure_heart_saturation"]

WINDOW_S = 600.0  # s
STEP_S = 2.0  # s
LAGS = 15  # steps to either side: 30 s
LEAST_PAIRS = 0.8  # share of the pairs at a lag that must be measured


@dataclass(frozen=True, slots=True)
class CrossCorrelation:
    """The largest cross-correlation and its lag.

    Parameters
    ----------
    value : float
        -1 to 1, positive where both fall together; NaN where it cannot be said.
    lag_s : float
        Positive where saturation follows heart rate. [s]
    pairs : float
        Share of pairs measured at lag zero, 0 to 1.
    """

    value: float
    lag_s: float
    pairs: float


def measure_heart_saturation(heart_rate: Series, spo2: Series, start: float) -> CrossCorrelation:
    """Return the cross-correlation of heart rate and SpO2 over ten minutes.

    Both are read every 2 s and freed of their mean over the window; correlations are normalised at
    each lag of -30 to +30 s, and the largest is given with its lag.

    Parameters
    ----------
    heart_rate : Series
        Heart or pulse rate. [1/min]
    spo2 : Series
        Oxygen saturation. [%]
    start : float
        Start of the window. [s]

    Returns
    -------
    CrossCorrelation
        NaN where less than 80 % of the pairs are measured, or either does not move.

    References
    ----------
    .. [1] K. D. Fairchild, D. E. Lake, "Cross-correlation of heart rate and oxygen saturation in
       very low birthweight infants: association with apnea and adverse events", Am. J. Perinatol.,
       vol. 35, pp. 463-469, 2018, :doi:`10.1055/s-0037-1608709`
       (lags and normalisation are Joey's).
    """
    times = start + np.arange(0.0, WINDOW_S, STEP_S)
    return cross_correlate(standing_at(heart_rate, times), standing_at(spo2, times))


def cross_correlate(x: NDArray[np.float64], y: NDArray[np.float64]) -> CrossCorrelation:
    """Return the largest normalised cross-correlation of two series at 2 s steps, NaN for missing.

    A positive lag: `y` follows `x`. Of equal values the one of the smaller lag is given.
    """
    known_x, known_y = np.isfinite(x), np.isfinite(y)
    share = float(np.mean(known_x & known_y)) if len(x) else 0.0
    # What does not move leaves only the rounding of its mean to correlate with.
    if share < LEAST_PAIRS or np.ptp(x[known_x]) == 0 or np.ptp(y[known_y]) == 0:
        return CrossCorrelation(nan, nan, share)
    x = np.where(known_x, x - np.mean(x[known_x]), 0.0)
    y = np.where(known_y, y - np.mean(y[known_y]), 0.0)
    # Row k of the padded views holds y at lag k - LAGS; missing values and padding are zero.
    shifted, there = _shifts(y), _shifts(known_y.astype(np.float64))
    overlap = len(x) - np.abs(np.arange(-LAGS, LAGS + 1))
    pairs = there @ known_x
    power = (there @ (x * x)) * ((shifted * shifted) @ known_x)
    usable = (pairs >= LEAST_PAIRS * overlap) & (power > 0)
    if not np.any(usable):
        return CrossCorrelation(nan, nan, share)
    value = np.full(len(usable), -np.inf)
    value[usable] = (shifted @ x)[usable] / np.sqrt(power[usable])
    order = np.argsort(np.abs(np.arange(-LAGS, LAGS + 1)), kind="stable")
    best = int(order[np.argmax(value[order])])
    return CrossCorrelation(float(value[best]), (best - LAGS) * STEP_S, share)


def _shifts(y: NDArray[np.float64]) -> NDArray[np.float64]:
    padded = np.pad(y, LAGS)
    return np.lib.stride_tricks.sliding_window_view(padded, len(y))
