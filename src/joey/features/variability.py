"""Heart-rate variability in the time domain, of NN intervals in which NaN marks every break.

All functions take what `joey.beats.nn_between` returns: intervals in beats' order, with a NaN
where an interval was rejected or time is missing. Levels and spreads skip the NaN; differences of
successive intervals never cross one. What cannot be an interval (zero, negative, infinite) is a
ValueError. Pure numbers: when and whether they may be shown is decided in
`joey.features.hrv`.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import TYPE_CHECKING

import numpy as np

from joey.features.inputs import intervals_in

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = [
    "Asymmetry",
    "Poincare",
    "Ranks",
    "Spread",
    "measure_asymmetry",
    "measure_heart_rate",
    "measure_mean_nn",
    "measure_pnn",
    "measure_poincare",
    "measure_rmssd",
    "measure_sdnn",
    "ranks_of",
    "rmssd_floor",
    "spread_of",
]


TICK_MS = 0.001  # ms: finer than any timing, coarser than the rounding of a time in seconds UTC


@dataclass(frozen=True, slots=True)
class Poincare:
    """Spread of the Poincaré plot across (`sd1`) and along (`sd2`) its diagonal. [ms]"""

    sd1: float
    sd2: float


@dataclass(frozen=True, slots=True)
class Asymmetry:
    """Weight of accelerations (`r1`) and decelerations (`r2`), and their ratio. [ms², ms², 1]"""

    r1: float
    r2: float
    ratio: float


@dataclass(frozen=True, slots=True, eq=False)
class Spread:
    """Level, spread and differences of the intervals of many windows: arrays of shape (w,).

    Parameters
    ----------
    n : ndarray of float64
        Accepted intervals.
    mean_nn, median_nn, min_nn, max_nn : ndarray of float64
        NaN of none. [ms]
    sdnn, cvnn : ndarray of float64
        Standard deviation (n - 1), and its share of the mean; NaN of fewer than two. [ms; 1]
    mad_nn, iqr_nn : ndarray of float64
        Median absolute distance from the median, not scaled to a Gaussian's standard deviation; and
        the distance of the quartiles, interpolated as NumPy does. [ms]
    skewness, kurtosis : ndarray of float64
        Third and fourth moment (n) over powers of the second; a Gaussian has kurtosis 0. NaN where
        all intervals are equal. [1]
    rmssd, sdsd, cvsd : ndarray of float64
        Root mean square of successive differences, their standard deviation (n - 1), and the first
        as a share of the mean interval. [ms; ms; 1]
    over, share_over : ndarray, shape (k, w)
        How many differences are beyond each threshold, and their share. [1; %]
    sd1, sd2 : ndarray of float64
        Spread of the Poincaré plot across and along its diagonal. [ms]
    r1, r2, asymmetry : ndarray of float64
        As in `Asymmetry`. [ms², ms², 1]
    """

    n: NDArray[np.float64]
    mean_nn: NDArray[np.float64]
    median_nn: NDArray[np.float64]
    min_nn: NDArray[np.float64]
    max_nn: NDArray[np.float64]
    sdnn: NDArray[np.float64]
    cvnn: NDArray[np.float64]
    mad_nn: NDArray[np.float64]
    iqr_nn: NDArray[np.float64]
    skewness: NDArray[np.float64]
    kurtosis: NDArray[np.float64]
    rmssd: NDArray[np.float64]
    sdsd: NDArray[np.float64]
    cvsd: NDArray[np.float64]
    over: NDArray[np.int64]
    share_over: NDArray[np.float64]
    sd1: NDArray[np.float64]
    sd2: NDArray[np.float64]
    r1: NDArray[np.float64]
    r2: NDArray[np.float64]
    asymmetry: NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Ranks:
    """Many windows by rising value.

    Parameters
    ----------
    order : ndarray of int32, shape (w, wide)
        Places of the intervals by rising tick, NaN last.
    ordered : ndarray of float64, shape (w, wide)
        The intervals sorted, NaN last. [ms]
    ranks : ndarray of int32, shape (w, wide)
        Which of the row's distinct values each interval is; -1 for NaN.
    values : ndarray of float64, shape (w, wide)
        The distinct values, rising; what follows the last means nothing. [ticks]
    n, kinds : ndarray of int64, shape (w,)
        How many intervals and how many distinct values there are.
    tick_ms : float
        Intervals that round to the same tick are equal. [ms]
    """

    order: NDArray[np.int32]
    ordered: NDArray[np.float64]
    ranks: NDArray[np.int32]
    values: NDArray[np.float64]
    n: NDArray[np.int64]
    kinds: NDArray[np.int64]
    tick_ms: float


def ranks_of(rows: NDArray[np.float64], tick_ms: float = TICK_MS) -> Ranks:
    """Return many windows by rising value: one row each, NaN where there is no interval. [ms]"""
    from joey.features import window_kernels  # noqa: PLC0415 - numba is slow to import

    keys, order = np.empty(rows.shape, dtype=np.int64), np.empty(rows.shape, dtype=np.int32)
    ordered, values = np.empty(rows.shape), np.empty(rows.shape)
    ranks, counts = np.empty(rows.shape, dtype=np.int32), np.empty((2, len(rows)), dtype=np.int64)
    window_kernels.number(rows, tick_ms, keys)
    keys.sort(axis=1)
    window_kernels.rank(rows, keys, order, ordered, ranks, values, counts)
    return Ranks(order, ordered, ranks, values, counts[0], counts[1], tick_ms)


def spread_of(
    rows: NDArray[np.float64],
    ordered: NDArray[np.float64],
    over_ms: tuple[float, ...] = (),
) -> Spread:
    """Return level, spread and differences of the intervals of many windows.

    Parameters
    ----------
    rows : ndarray of float64, shape (w, wide)
        One window each: NN intervals, NaN at breaks and behind the end. [ms]
    ordered : ndarray of float64, shape (w, wide)
        Each row sorted, NaN last. [ms]
    over_ms : tuple of float
        Thresholds for differences. [ms]
    """
    from joey.features import window_kernels  # noqa: PLC0415 - numba is slow to import

    sums = np.empty((11, len(rows)))
    over = np.empty((len(over_ms), len(rows)), dtype=np.int64)
    # On a clock's grid a difference often equals the threshold: rounding must not lift it over.
    limits = np.array(over_ms, dtype=np.float64) + TICK_MS
    window_kernels.spread(rows, ordered, limits, sums, over)
    n, mean, second, third, fourth, steps, squares, scatter, mad, below, above = sums
    with np.errstate(invalid="ignore", divide="ignore"):
        variance = second / np.where(n > 1, n - 1, np.nan)
        steps = np.where(steps > 0, steps, np.nan)
        step_variance = scatter / np.where(steps > 1, steps - 1, np.nan)
        along = 2.0 * variance - step_variance / 2.0
        population = np.where(second > 0, second / n, np.nan)
        n_or_nan = np.where(n > 0, n, np.nan)
        r1, r2 = below / n_or_nan, above / n_or_nan
        rmssd, sdnn = np.sqrt(squares / steps), np.sqrt(variance)
        q1, median, q3 = (_quantiles(ordered, n, share) for share in (0.25, 0.5, 0.75))
        return Spread(
            n=n,
            mean_nn=mean,
            median_nn=median,
            min_nn=_quantiles(ordered, n, 0.0),
            max_nn=_quantiles(ordered, n, 1.0),
            sdnn=sdnn,
            cvnn=sdnn / mean,
            mad_nn=mad,
            iqr_nn=q3 - q1,
            skewness=third / n / population**1.5,
            kurtosis=fourth / n / population**2 - 3.0,
            rmssd=rmssd,
            sdsd=np.sqrt(step_variance),
            cvsd=rmssd / mean,
            over=over,
            share_over=100.0 * over / steps,
            sd1=np.sqrt(step_variance / 2.0),
            sd2=np.sqrt(np.where(along >= 0, along, np.nan)),
            r1=r1,
            r2=r2,
            asymmetry=r2 / np.where(r1 > 0, r1, np.nan),
        )


def measure_mean_nn(nn: NDArray[np.float64]) -> float:
    """Return the mean NN interval; NaN of none. [ms]"""
    return float(_alone(nn).mean_nn[0])


def measure_heart_rate(nn: NDArray[np.float64]) -> float:
    """Return the heart rate 60000 / mean NN: beats over time, not the mean of rates. [1/min]"""
    return 60000.0 / measure_mean_nn(nn)


def measure_sdnn(nn: NDArray[np.float64]) -> float:
    """Return the standard deviation of NN intervals (n - 1); NaN of fewer than two. [ms]

    In preterm infants it is dominated by decelerations, and it grows with the window's length.
    """
    return float(_alone(nn).sdnn[0])


def measure_rmssd(nn: NDArray[np.float64]) -> float:
    """Return the root mean square of successive NN differences; NaN without any. [ms]"""
    return float(_alone(nn).rmssd[0])


def measure_pnn(nn: NDArray[np.float64], over_ms: float) -> float:
    """Return the share of successive NN differences beyond `over_ms`; NaN without any. [%]

    Parameters
    ----------
    nn : ndarray of float64, shape (n,)
        NN intervals, NaN at breaks. [ms]
    over_ms : float
        Threshold. In preterm infants the adult 50 ms gives zero nearly always: 5, 10 or 20. [ms]
    """
    return float(_alone(nn, over_ms).share_over[0, 0])


def measure_poincare(nn: NDArray[np.float64]) -> Poincare:
    """Return SD1 and SD2 from the variances of NN and of its differences (n - 1). [ms]

    SD1² = var(diff) / 2; SD2² = 2 var(NN) - var(diff) / 2. SD2 is NaN where its square would be
    negative, as intervals that alternate between breaks can make it.
    """
    found = _alone(nn)
    return Poincare(float(found.sd1[0]), float(found.sd2[0]))


def measure_asymmetry(nn: NDArray[np.float64]) -> Asymmetry:
    """Return the sample asymmetry R2 / R1: above one where decelerations outweigh accelerations.

    Parameters
    ----------
    nn : ndarray of float64, shape (n,)
        NN intervals, NaN at breaks. [ms]

    Returns
    -------
    Asymmetry
        R1 and R2: mean over all intervals of the squared distance from the median, of those
        shorter and of those longer than it. The ratio is NaN where no interval is shorter.

    Notes
    -----
    Weight 1 and power 2: the usual choice, consistent with the conditions of [1]_.

    References
    ----------
    .. [1] B. P. Kovatchev et al., "Sample asymmetry analysis of heart rate characteristics with
       application to neonatal sepsis and systemic inflammatory response syndrome", Pediatr. Res.,
       vol. 54, pp. 892-898, 2003, :doi:`10.1203/01.PDR.0000088074.97781.4F`.

    Examples
    --------
    >>> import numpy as np
    >>> measure_asymmetry(np.array([400.0, 402, 398, 405, 395, 400, 430, 401, 399, 400]))
    Asymmetry(r1=3.0, r2=93.0, ratio=31.0)
    """
    found = _alone(nn)
    return Asymmetry(float(found.r1[0]), float(found.r2[0]), float(found.asymmetry[0]))


def rmssd_floor(resolution_ms: float) -> float:
    """Return the RMSSD that the timing noise of the beats gives to a clock. [ms]

    Rounding to a step Ts adds an error of variance Ts² / 12 to each beat. A difference of
    successive intervals holds three beats, weighted 1, -2, 1: variance 6 Ts² / 12, so 0.707 Ts.

    Parameters
    ----------
    resolution_ms : float
        The step, or sqrt(12) times the standard deviation of interpolated times. [ms]
    """
    if resolution_ms < 0:
        msg = f"a step of a clock is 0 ms or more, not {resolution_ms!r}"
        raise ValueError(msg)
    return resolution_ms * sqrt(0.5)


def _alone(nn: NDArray[np.float64], *over_ms: float) -> Spread:
    rows = intervals_in(nn, "ms").reshape(1, -1)
    return spread_of(rows, np.sort(rows, axis=1), over_ms)


def _quantiles(
    ordered: NDArray[np.float64], n: NDArray[np.float64], share: float
) -> NDArray[np.float64]:
    """Return one quantile of each row of n values, interpolated linearly; NaN of none."""
    if ordered.shape[1] == 0:
        return np.full(len(ordered), np.nan)
    place = np.maximum(share * (n - 1.0), 0.0)
    below = place.astype(np.int64)
    above = np.minimum(below + 1, np.maximum(n, 1.0) - 1).astype(np.int64)
    rows = np.arange(len(ordered))
    low, high = ordered[rows, below], ordered[rows, above]
    return np.asarray(low + (high - low) * (place - below), dtype=np.float64)
