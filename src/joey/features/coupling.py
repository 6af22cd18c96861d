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

__all__ = [
    "WINDOW_S",
    "CrossCorrelation",
    "CrossCorrelations",
    "cross_correlate",
    "measure_heart_saturation",
    "slide_cross_correlation",
]

WINDOW_S = 600.0  # s
STEP_S = 2.0  # s
LAGS = 15  # steps to either side: 30 s
FEWEST, MOST = 60, 300  # values in a window
# Whole ticks make all sums exact: a thousandth of what a monitor shows, and no sum of squares
# times a count above 2**53 for all that heart rate and saturation can be.
PER_UNIT = 1000.0
MIDDLE, FARTHEST = 128.0, 300.0
LEAST_PAIRS = 0.8  # share of the pairs at a lag that must be measured
AT_ONCE = 720  # windows, whose values stay in the processor's cache


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

    Both are read every 2 s and freed of their mean over the window; correlations are normalized at
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
       (lags and normalization are Joey's).
    """
    times = np.asarray(start + np.arange(0.0, WINDOW_S, STEP_S), dtype=np.float64)
    return cross_correlate(standing_at(heart_rate, times), standing_at(spo2, times))


def cross_correlate(x: NDArray[np.float64], y: NDArray[np.float64]) -> CrossCorrelation:
    """Return the largest normalized cross-correlation of two series at 2 s steps, NaN for missing.

    A positive lag: `y` follows `x`. Of equal values the one of the smaller lag is given. Values are
    taken to a thousandth, so that what does not move has no rounding to correlate with.

    Raises
    ------
    ValueError
        If the series differ in length, have more than 300 or fewer than 60 values, or values that
        neither heart rate nor saturation has.
    """
    found = slide_cross_correlation(x, y, length=len(x), step=len(x))
    return CrossCorrelation(*(float(each[0]) for each in (found.value, found.lag_s, found.pairs)))


@dataclass(frozen=True, slots=True, eq=False)
class CrossCorrelations:
    """The largest cross-correlation of each of several windows.

    Parameters
    ----------
    value, lag_s, pairs : ndarray of float64, shape (n,)
        As of `CrossCorrelation`.
    """

    value: NDArray[np.float64]
    lag_s: NDArray[np.float64]
    pairs: NDArray[np.float64]


def slide_cross_correlation(
    x: NDArray[np.float64], y: NDArray[np.float64], *, length: int = MOST, step: int = MOST
) -> CrossCorrelations:
    """Return what `cross_correlate` says of each window, for windows that may overlap.

    Parameters
    ----------
    x, y : ndarray of float64, shape (n,)
        Heart rate and saturation at 2 s steps; NaN for missing.
    length : int
        Of a window, 60 to 300 values.
    step : int
        From window to window, in values; it divides the length.

    Returns
    -------
    CrossCorrelations
        Of the windows that lie in the series; the same whatever comes before or after a window.

    Raises
    ------
    ValueError
        If the series differ in length, a window cannot be, or a value is one that neither heart
        rate nor saturation has (-172 to 428 are taken).
    """
    from joey.features.sliding import PAD, slide  # noqa: PLC0415 - numba is slow to import

    if len(x) != len(y) or not FEWEST <= length <= MOST or step < 1 or length % step:
        msg = (
            f"needs two series alike and windows of {FEWEST} to {MOST} values in whole steps, "
            f"not {len(x)} and {len(y)} values, windows of {length} in steps of {step}"
        )
        raise ValueError(msg)
    count = max((len(x) - length) // step + 1, 0)
    best = np.empty(count)
    lags, pairs = np.empty(count, dtype=np.int64), np.empty(count, dtype=np.int64)
    least = LEAST_PAIRS * (length - np.abs(np.arange(-LAGS, LAGS + 1)))
    # Memory for a stretch of windows is taken once and stays in the processor's cache.
    work = np.zeros((4, (max(min(count, AT_ONCE), 1) - 1) * step + length + LAGS + PAD))
    for k in range(0, count, AT_ONCE):
        part = slice(k, min(k + AT_ONCE, count))
        span = slice(part.start * step, (part.stop - 1) * step + length)
        ticks_x, known_x, ticks_y, known_y = work[:, : span.stop - span.start + LAGS + PAD]
        _fill(x[span], ticks_x, known_x)
        _fill(y[span], ticks_y, known_y)
        told = best[part], lags[part], pairs[part]
        slide(ticks_x, ticks_y, known_x, known_y, length, step, least, *told)
    lag_s = np.where(np.isnan(best), nan, lags * STEP_S)
    return CrossCorrelations(best, lag_s, pairs / length)


def _fill(x: NDArray[np.float64], ticks: NDArray[np.float64], known: NDArray[np.float64]) -> None:
    """Fill in a series as whole ticks, with zeros for what is missing and around it; what is known.

    Raises
    ------
    ValueError
        If a value is too far away.
    """
    from joey.features.sliding import PAD, whole  # noqa: PLC0415 - numba is slow to import

    for each in (ticks, known):
        each[-PAD:] = 0.0  # where a longer stretch may have left values; the begin is never used
    if not whole(np.ascontiguousarray(x, np.float64), MIDDLE, PER_UNIT, FARTHEST, ticks, known):
        msg = f"heart rate and saturation lie within {FARTHEST:g} of {MIDDLE:g}"
        raise ValueError(msg)
