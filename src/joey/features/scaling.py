"""Detrended fluctuation analysis: how the swing of heart rate grows with the time it is given.

Takes intervals in which NaN marks every break, as `joey.features.variability` does.
"""

from __future__ import annotations

from math import nan
from typing import TYPE_CHECKING

import numpy as np

from joey.features.inputs import values_in
from joey.signals import runs_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["alpha1_of", "measure_alpha1", "measure_fluctuations", "measure_scaling"]

FEWEST = 200  # intervals, below which the slope is not stable


def measure_alpha1(
    nn: NDArray[np.float64], *, shortest: int = 4, longest: int = 16, fewest: int = FEWEST
) -> float:
    """Return the short-term scaling exponent alpha1. [1]

    The slope of log F on log n over boxes of n = 4, 5 ... 16 intervals, with F from
    `measure_fluctuations`, after [1]_.

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
    return measure_scaling(nn, np.arange(shortest, longest + 1), fewest=fewest)


def measure_scaling(
    nn: NDArray[np.float64], sizes: NDArray[np.int64], *, fewest: int = FEWEST
) -> float:
    """Return the scaling exponent over any box sizes: the slope of log F on log n. [1]

    Parameters
    ----------
    nn : ndarray of float64, shape (n,)
        NN intervals, NaN at breaks. [ms]
    sizes : ndarray of int64, shape (s,)
        Box sizes, at least two that differ: 4 to 16 for alpha1, 16 to 64 for alpha2. [beats]
    fewest : int
        NaN below this many intervals; NaN as well where F is zero, or no run holds a box.

    Examples
    --------
    The exponent of white noise is a half.

    >>> nn = np.random.default_rng(0).normal(400.0, 10.0, 20_000)
    >>> round(measure_scaling(nn, np.arange(16, 65)), 2)
    0.5
    """
    if len(sizes) < 2 or np.min(sizes) == np.max(sizes):
        msg = f"a slope needs at least two box sizes that differ, not {sizes}"
        raise ValueError(msg)
    nn = values_in(nn, "intervals")
    if np.count_nonzero(np.isfinite(nn)) < fewest:
        return nan
    return float(_slopes(measure_fluctuations(nn, sizes)[None], sizes)[0])


def alpha1_of(
    rows: NDArray[np.float64], n: NDArray[np.int64], mean_nn: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the alpha1 of many windows, as `measure_alpha1` does. [1]

    Parameters
    ----------
    rows : ndarray of float64, shape (w, wide)
        One window each: NN intervals, NaN at breaks and behind the end. [ms]
    n : ndarray of int64, shape (w,)
        Intervals of each.
    mean_nn : ndarray of float64, shape (w,)
        Their mean. [ms]
    """
    from joey.features.scaling_kernels import fluctuations_of  # noqa: PLC0415 - numba is slow to import

    sizes = np.arange(4, 17)
    swing = np.full((len(rows), len(sizes)), nan)
    fluctuations_of(rows, np.where(n >= FEWEST, mean_nn, nan), sizes, swing)
    return _slopes(swing, sizes)


def _slopes(swing: NDArray[np.float64], sizes: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the slope of log F on log n of each row; NaN where an F is not positive."""
    x = np.log(sizes)
    x -= x.mean()
    logs = np.log(np.where(swing > 0, swing, nan))
    return np.asarray((x * logs).sum(axis=1) / np.sum(x * x), dtype=np.float64)


def measure_fluctuations(nn: NDArray[np.float64], sizes: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return F(n), how far the summed intervals swing about a straight line in boxes of n.

    The sum of the mean-removed intervals is cut into boxes of n intervals, without overlap and from
    the start on, and each box is freed of its straight line; F(n) is the root mean square of what
    remains, after [1]_. Boxes begin anew after a break; what does not fill a box is left out.

    Parameters
    ----------
    nn : ndarray of float64, shape (n,)
        NN intervals, NaN at breaks. [ms]
    sizes : ndarray of int64, shape (s,)
        Box sizes, at least 3. [beats]

    Returns
    -------
    ndarray of float64, shape (s,)
        NaN for a size of which no unbroken run holds a box. [ms]

    References
    ----------
    .. [1] C.-K. Peng et al., "Quantification of scaling exponents and crossover phenomena in
       nonstationary heartbeat time series", Chaos, vol. 5, pp. 82-87, 1995,
       :doi:`10.1063/1.166141`.
    """
    sizes = np.ascontiguousarray(sizes, dtype=np.int64)
    if np.any(sizes < 3):
        msg = f"a line fits any two points, so a box holds at least 3, not {sizes.min()}"
        raise ValueError(msg)
    from joey.features.scaling_kernels import fluctuations  # noqa: PLC0415 - numba is slow to import

    nn = values_in(nn, "intervals")
    known = np.isfinite(nn)
    swing = np.full(len(sizes), nan)
    if known.any():
        # The mean is that of all intervals: any other differs by a line, which each box loses.
        gapless = bool(known.all())
        swings = nn - np.mean(nn if gapless else nn[known])
        profile = np.cumsum(swings if gapless else np.where(known, swings, 0.0))
        fluctuations(profile, np.array(runs_of(known), dtype=np.int64, order="C"), sizes, swing)
    return swing
