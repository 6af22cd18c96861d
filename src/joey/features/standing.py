"""Values that stand for a while, clipped to spans: the arithmetic under averages of numerics."""

from __future__ import annotations

from dataclasses import dataclass
from math import nan
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from joey.signals import Series
    from joey.spans import Spans

__all__ = ["Standing", "standing", "standing_at"]


@dataclass(frozen=True, slots=True, eq=False)
class Standing:
    """Measured values and how long each stood inside some spans.

    Parameters
    ----------
    starts : ndarray of float64, shape (n,)
        When each began to stand there. [s]
    values : ndarray of float64, shape (n,)
        Finite, in the series' unit.
    seconds : ndarray of float64, shape (n,)
        How long each stood there, above zero. [s]
    """

    starts: NDArray[np.float64]
    values: NDArray[np.float64]
    seconds: NDArray[np.float64]

    @property
    def total(self) -> float:
        """Measured time. [s]"""
        return float(np.sum(self.seconds))

    @property
    def mean(self) -> float:
        """Mean over measured time; NaN of none."""
        total = self.total
        return float(self.values @ self.seconds) / total if total > 0 else nan

    def share(self, chosen: NDArray[np.bool_]) -> float:
        """Return the share of measured time that the chosen values stood; NaN of none. [%]"""
        total = self.total
        return 100.0 * float(np.sum(self.seconds[chosen])) / total if total > 0 else nan


def standing(series: Series, spans: Spans) -> Standing:
    """Return the measured values of a series inside spans, each with the time it stood there.

    A value stands from its stamp for its `valid_s`, at most until the next stamp, also where the
    stamp lies before the span.
    """
    parts = [_clipped(series, float(a), float(b)) for a, b in spans.bounds]
    if not parts:
        return Standing(np.empty(0), np.empty(0), np.empty(0))
    starts, values, seconds = (np.concatenate(column) for column in zip(*parts, strict=True))
    real = np.isfinite(values) & (seconds > 0)
    return Standing(starts[real], values[real], seconds[real])


def standing_at(series: Series, times: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the value that stands at each time; NaN where none does."""
    if len(series.times) == 0:
        return np.full(len(times), np.nan)
    at = np.searchsorted(series.times, times, side="right") - 1
    safe = np.maximum(at, 0)
    there = (at >= 0) & (times - series.times[safe] < series.valid_s[safe])
    return np.where(there, series.values[safe], np.nan)


def _clipped(
    series: Series, start: float, end: float
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    lo = max(int(np.searchsorted(series.times, start, side="right")) - 1, 0)
    hi = int(np.searchsorted(series.times, end, side="left"))
    times = series.times[lo:hi]
    ends = np.minimum(times + series.valid_s[lo:hi], end)
    following = series.times[lo + 1 : hi + 1]
    ends[: len(following)] = np.minimum(ends[: len(following)], following)
    starts = np.maximum(times, start)
    return starts, series.values[lo:hi], np.maximum(ends - starts, 0.0)
