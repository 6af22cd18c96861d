"""Sample entropy: how often a stretch that repeats goes on repeating.

Takes intervals in which NaN marks every break, as `joey.features.variability` does. Distances are
compared as whole ticks, so that a distance equal to the tolerance is a match on every machine.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import floor, log, nan
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["SampleEntropy", "count_matches", "measure_sample_entropy"]

TICK_MS = 0.001  # ms: finer than any timing, coarser than the rounding of a time in seconds UTC
FEWEST = 20  # matches of m + 1 points, below which the ratio says nothing


@dataclass(frozen=True, slots=True)
class SampleEntropy:
    """Sample entropy with its counts.

    Parameters
    ----------
    value : float
        -ln(a / b); NaN where it rests on too few matches. [nat]
    a, b : int
        Pairs that match over m + 1 and over m points.
    r_ms : float
        The tolerance that was used. [ms]
    reason : str
        Why there is no value; empty where there is.
    """

    value: float
    a: int
    b: int
    r_ms: float
    reason: str = ""


def measure_sample_entropy(
    nn: NDArray[np.float64], *, m: int = 3, r: float = 0.2, tick_ms: float = TICK_MS
) -> SampleEntropy:
    """Return SampEn(m, r x SD) of NN intervals.

    Parameters
    ----------
    nn : ndarray of float64, shape (n,)
        NN intervals, NaN at breaks: no template crosses one. [ms]
    m : int, default 3
        Points that must match before the one that is asked about.
    r : float, default 0.2
        Tolerance as a share of the intervals' standard deviation (n - 1).
    tick_ms : float, default 0.001
        Intervals are rounded to whole ticks. Give the sampling step where beats lie on its grid and
        a millisecond does not hold a whole number of steps' thousandths. [ms]

    Returns
    -------
    SampleEntropy
        NaN with a reason where fewer than 20 pairs match over m + 1 points.

    Notes
    -----
    Two points match where they differ by at most the tolerance (``<=``); matches over m and over
    m + 1 points are counted over the same templates, without self-matches [1]_.

    References
    ----------
    .. [1] D. E. Lake, J. S. Richman, M. P. Griffin, J. R. Moorman, "Sample entropy analysis of
       neonatal heart rate variability", Am. J. Physiol. Regul., vol. 283, pp. R789-R797, 2002,
       :doi:`10.1152/ajpregu.00069.2002`.
    """
    known = np.isfinite(nn)
    if int(known.sum()) < 2:
        return SampleEntropy(nan, 0, 0, nan, "fewer than two intervals")
    r_ms = r * float(np.std(nn[known], ddof=1))
    ticks = np.zeros(len(nn), dtype=np.int32)
    ticks[known] = np.rint(nn[known] / tick_ms)
    a, b = count_matches(ticks, known, m, floor(r_ms / tick_ms + 1e-6))
    if a < FEWEST:
        return SampleEntropy(nan, a, b, r_ms, f"only {a} matches of {m + 1} intervals")
    return SampleEntropy(log(b / a), a, b, r_ms)


def count_matches(
    ticks: NDArray[np.int32], known: NDArray[np.bool_], m: int, tolerance: int
) -> tuple[int, int]:
    """Return how many pairs of templates match over m + 1 and over m points.

    Parameters
    ----------
    ticks : ndarray of int32, shape (n,)
        The series as whole ticks.
    known : ndarray of bool, shape (n,)
        Where it is known: a template of m + 1 points with an unknown one is left out of both.
    m : int
        Points of the shorter match, at least 1.
    tolerance : int
        Largest difference that is a match. [ticks]
    """
    if m < 1 or tolerance < 0:
        msg = f"m is at least 1 and the tolerance not negative, not {m} and {tolerance}"
        raise ValueError(msg)
    if len(ticks) <= m:
        return 0, 0
    whole = np.lib.stride_tricks.sliding_window_view(known, m + 1).all(axis=1)
    from joey.features.kernels import match_counts  # noqa: PLC0415 - numba is slow to import

    a, b = match_counts(ticks, np.flatnonzero(whole), m, tolerance)
    return int(a), int(b)
