"""Breathing: rate and regularity from the intervals between breaths."""

from __future__ import annotations

from math import nan
from typing import TYPE_CHECKING

import numpy as np

from joey.features.inputs import intervals_in
from joey.spans import contains

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from joey.breaths import Breaths
    from joey.spans import Spans

__all__ = [
    "breath_intervals",
    "breathing_band",
    "measure_breath_rate",
    "measure_breath_variability",
]


def breath_intervals(breaths: Breaths, spans: Spans, doubted: Spans) -> NDArray[np.float64]:
    """Return the intervals between successive breaths of one searched span. [s]

    Parameters
    ----------
    breaths : Breaths
        Breaths and the spans that were searched for them.
    spans : Spans
        Where to look: both breaths of an interval lie in the same one.
    doubted : Spans
        Intervals that begin or end in it are left out.

    Notes
    -----
    A pause between two breaths is an interval like any other; across a gap lies none.
    """
    parts = [_of_span(breaths, float(a), float(b), doubted) for a, b in spans.bounds]
    return np.concatenate(parts) if parts else np.empty(0)


def _of_span(breaths: Breaths, start: float, end: float, doubted: Spans) -> NDArray[np.float64]:
    lo, hi = np.searchsorted(breaths.times, (start, end))
    times, bounds = breaths.times[lo:hi], breaths.searched.bounds
    if len(times) < 2 or len(bounds) == 0:
        return np.empty(0)
    at = np.searchsorted(bounds[:, 0], times, side="right") - 1
    inside = (at >= 0) & (times < bounds[np.maximum(at, 0), 1])
    inside &= ~contains(doubted, times)
    joined = inside[:-1] & inside[1:] & (at[:-1] == at[1:])
    return np.asarray(np.diff(times)[joined], dtype=np.float64)


def measure_breath_rate(intervals: NDArray[np.float64]) -> float:
    """Return the breathing rate 60 / mean interval; NaN of none. [1/min]

    Parameters
    ----------
    intervals : ndarray of float64, shape (n,)
        Breath intervals. [s]
    """
    intervals = _breaths(intervals)
    return 60.0 / float(np.mean(intervals)) if len(intervals) else nan


def measure_breath_variability(intervals: NDArray[np.float64]) -> float:
    """Return the coefficient of variation of breath intervals (n - 1); NaN below two. [%]

    Parameters
    ----------
    intervals : ndarray of float64, shape (n,)
        Breath intervals. [s]
    """
    intervals = _breaths(intervals)
    if len(intervals) < 2:
        return nan
    return 100.0 * float(np.std(intervals, ddof=1)) / float(np.mean(intervals))


def breathing_band(intervals: NDArray[np.float64]) -> tuple[float, float]:
    """Return the 10th and the 90th centile of the breathing rate, breath by breath. [Hz]

    Parameters
    ----------
    intervals : ndarray of float64, shape (n,)
        Breath intervals. [s]

    Returns
    -------
    tuple of float
        NaN of none.
    """
    intervals = _breaths(intervals)
    if len(intervals) == 0:
        return nan, nan
    slow, fast = np.quantile(1.0 / intervals, (0.1, 0.9))
    return float(slow), float(fast)


def _breaths(intervals: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the intervals; a zero, negative or infinite one is a ValueError."""
    return intervals_in(intervals, "s", "breath intervals")
