"""Heart-rate variability in the time domain, of NN intervals in which NaN marks every break.

All functions take what `joey.beats.nn_between` returns: intervals in beats' order, with a NaN
where an interval was rejected or time is missing. Levels and spreads skip the NaN; differences of
successive intervals never cross one. Pure numbers: when and whether they may be shown is decided in
`joey.features.hrv`.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import nan, sqrt
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = [
    "Asymmetry",
    "Poincare",
    "measure_asymmetry",
    "measure_heart_rate",
    "measure_mean_nn",
    "measure_pnn",
    "measure_poincare",
    "measure_rmssd",
    "measure_sdnn",
    "rmssd_floor",
]


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


def measure_mean_nn(nn: NDArray[np.float64]) -> float:
    """Return the mean NN interval; NaN of none. [ms]"""
    known = nn[np.isfinite(nn)]
    return float(np.mean(known)) if len(known) else nan


def measure_heart_rate(nn: NDArray[np.float64]) -> float:
    """Return the heart rate 60000 / mean NN: beats over time, not the mean of rates. [1/min]"""
    return 60000.0 / measure_mean_nn(nn)


def measure_sdnn(nn: NDArray[np.float64]) -> float:
    """Return the standard deviation of NN intervals (n - 1); NaN of fewer than two. [ms]

    In preterm infants it is dominated by decelerations, and it grows with the window's length.
    """
    known = nn[np.isfinite(nn)]
    return float(np.std(known, ddof=1)) if len(known) > 1 else nan


def measure_rmssd(nn: NDArray[np.float64]) -> float:
    """Return the root mean square of successive NN differences; NaN without any. [ms]"""
    steps = _steps(nn)
    return sqrt(float(np.mean(steps * steps))) if len(steps) else nan


def measure_pnn(nn: NDArray[np.float64], over_ms: float) -> float:
    """Return the share of successive NN differences beyond `over_ms`; NaN without any. [%]

    Parameters
    ----------
    nn : ndarray of float64, shape (n,)
        NN intervals, NaN at breaks. [ms]
    over_ms : float
        Threshold. In preterm infants the adult 50 ms gives zero nearly always: 5, 10 or 20. [ms]
    """
    steps = _steps(nn)
    return 100.0 * float(np.mean(np.abs(steps) > over_ms)) if len(steps) else nan


def measure_poincare(nn: NDArray[np.float64]) -> Poincare:
    """Return SD1 and SD2 from the variances of NN and of its differences (n - 1). [ms]

    SD1² = var(diff) / 2; SD2² = 2 var(NN) - var(diff) / 2. SD2 is NaN where its square would be
    negative, as intervals that alternate between breaks can make it.
    """
    known, steps = nn[np.isfinite(nn)], _steps(nn)
    if len(steps) < 2:
        return Poincare(nan, nan)
    half = float(np.var(steps, ddof=1)) / 2.0
    along = 2.0 * float(np.var(known, ddof=1)) - half
    return Poincare(sqrt(half), sqrt(along) if along >= 0 else nan)


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
    known = nn[np.isfinite(nn)]
    if len(known) == 0:
        return Asymmetry(nan, nan, nan)
    away = known - np.median(known)
    r1 = float(np.sum(np.square(away[away < 0]))) / len(known)
    r2 = float(np.sum(np.square(away[away > 0]))) / len(known)
    return Asymmetry(r1, r2, r2 / r1 if r1 > 0 else nan)


def rmssd_floor(resolution_ms: float) -> float:
    """Return the RMSSD that the timing noise of the beats gives to a clock. [ms]

    Rounding to a step Ts adds an error of variance Ts² / 12 to each beat. A difference of
    successive intervals holds three beats, weighted 1, -2, 1: variance 6 Ts² / 12, so 0.707 Ts.

    Parameters
    ----------
    resolution_ms : float
        The step, or sqrt(12) times the standard deviation of interpolated times. [ms]
    """
    return resolution_ms * sqrt(0.5)


def _steps(nn: NDArray[np.float64]) -> NDArray[np.float64]:
    steps = np.diff(nn)
    return steps[np.isfinite(steps)]
