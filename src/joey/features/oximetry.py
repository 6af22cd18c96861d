"""Heart rate and saturation as a monitor prints them, in windows that slide over days.

The numbers from which predictors of sepsis and of spells are made [1]_: the window's moments, how
both move together, and how low saturation was - each with its coverage, none without enough.

References
----------
.. [1] K. D. Fairchild, D. E. Lake, "Cross-correlation of heart rate and oxygen saturation in very
   low birthweight infants: association with apnea and adverse events", Am. J. Perinatol., vol. 35,
   pp. 463-469, 2018, :doi:`10.1055/s-0037-1608709`.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from joey.events.stretches import SLACK
from joey.features.coupling import STEP_S, WINDOW_S, slide_cross_correlation
from joey.features.standing import standing_at
from joey.features.windows import windows_within
from joey.signals import measured
from joey.spans import Spans, union

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from joey.signals import Series

__all__ = ["OximetryWindows", "measure_oximetry_windows"]

LENGTH = int(WINDOW_S / STEP_S)  # values of a window
LEAST = 0.8  # share of a window's values that must be measured
AT_ONCE = 1024  # windows whose values are laid out side by side


@dataclass(frozen=True, slots=True, eq=False)
class OximetryWindows:
    """Heart rate and saturation in windows: arrays of shape (w,), one value per window.

    A value is NaN where less than 80 % of what it is made of was measured, and where it cannot be
    formed (skewness of what does not move).

    Parameters
    ----------
    start, end : ndarray of float64
        Of each window, half-open. [s]
    rate_coverage, spo2_coverage : ndarray of float64
        Share of the window's values that were measured, 0 to 1.
    rate_mean, rate_sd : ndarray of float64
        Mean and standard deviation (n - 1) of heart rate. [1/min]
    spo2_mean, spo2_sd : ndarray of float64
        The same of saturation. [%]
    rate_skewness, rate_kurtosis, spo2_skewness, spo2_kurtosis : ndarray of float64
        From moments over n; a Gaussian has kurtosis 0. [1]
    spo2_below_80, spo2_below_85, spo2_below_90 : ndarray of float64
        Share of the measured values below it. [%]
    correlation, lag_s : ndarray of float64
        Largest cross-correlation and its lag, see `measure_heart_saturation`. [1; s]
    pairs : ndarray of float64
        Share of pairs measured at lag zero, 0 to 1.
    """

    start: NDArray[np.float64]
    end: NDArray[np.float64]
    rate_coverage: NDArray[np.float64]
    spo2_coverage: NDArray[np.float64]
    rate_mean: NDArray[np.float64]
    rate_sd: NDArray[np.float64]
    rate_skewness: NDArray[np.float64]
    rate_kurtosis: NDArray[np.float64]
    spo2_mean: NDArray[np.float64]
    spo2_sd: NDArray[np.float64]
    spo2_skewness: NDArray[np.float64]
    spo2_kurtosis: NDArray[np.float64]
    spo2_below_80: NDArray[np.float64]
    spo2_below_85: NDArray[np.float64]
    spo2_below_90: NDArray[np.float64]
    correlation: NDArray[np.float64]
    lag_s: NDArray[np.float64]
    pairs: NDArray[np.float64]

    def __len__(self) -> int:
        """Return how many windows there are."""
        return len(self.start)


def measure_oximetry_windows(
    heart_rate: Series, spo2: Series, *, within: Spans | None = None, step_s: float = WINDOW_S
) -> OximetryWindows:
    """Return heart rate and saturation in every 10-min window of a recording.

    Parameters
    ----------
    heart_rate : Series
        Heart or pulse rate. [1/min]
    spo2 : Series
        Oxygen saturation. [%]
    within : Spans, optional
        Where windows lie: each span holds whole windows from its start on. Left out, one span from
        the first to the last stamp of both.
    step_s : float, default 600
        From the start of a window to that of the next: 2 s or a multiple of it that divides the
        ten minutes. [s]

    Returns
    -------
    OximetryWindows
        In the order of time, of those that hold a value of either: in a gap longer than a window
        there are none. Both are read every 2 s, as they stand then; a window's numbers do not
        depend on those around it.

    Raises
    ------
    ValueError
        If the step does not fit, a value is one that neither heart rate nor saturation has, a time
        is beyond what seconds can tell, or there are over four million windows.

    Examples
    --------
    >>> import numpy as np
    >>> from joey.signals import Channel, Series
    >>> t = np.arange(3600.0)
    >>> rate = Series(
    ...     Channel("heart_rate", "/min"), t, np.where(t % 300 < 20, 90, 150.0), t * 0 + 1
    ... )
    >>> spo2 = Series(Channel("spo2", "%"), t, np.where(t % 300 < 20, 80, 96.0), t * 0 + 1)
    >>> found = measure_oximetry_windows(rate, spo2)
    >>> len(found), found.correlation.round(2).tolist(), found.spo2_below_85.round(1).tolist()[0]
    (6, [1.0, 1.0, 1.0, 1.0, 1.0, 1.0], 6.7)
    """
    step = round(step_s / STEP_S)
    if step < 1 or abs(step * STEP_S - step_s) > SLACK or LENGTH % step:
        msg = f"windows follow each other by a multiple of 2 s that divides 600 s, not {step_s:g} s"
        raise ValueError(msg)
    if within is None:
        stamps = [
            each
            for series in (heart_rate, spo2)
            if len(series.times)
            for each in (series.times[0], series.ends[-1])
        ]
        within = Spans.of([(min(stamps), max(stamps))] if stamps else [])
    there = union(measured(heart_rate), measured(spo2))
    parts = [
        part
        for start, first, stop in windows_within(within, there, WINDOW_S, step * STEP_S)
        for part in _in_span(heart_rate, spo2, start, range(first, stop), step)
    ]
    names = [each.name for each in fields(OximetryWindows)]
    return OximetryWindows(
        **{name: np.concatenate([np.empty(0), *(part[name] for part in parts)]) for name in names}
    )


def _in_span(
    heart_rate: Series, spo2: Series, start: float, windows: range, step: int
) -> list[dict[str, NDArray[np.float64]]]:
    found = []
    for first in range(windows.start, windows.stop, AT_ONCE):
        many = min(AT_ONCE, windows.stop - first)
        at = first * step + np.arange((many - 1) * step + LENGTH)
        times = np.asarray(start + at * STEP_S, dtype=np.float64)
        rate, saturation = standing_at(heart_rate, times), standing_at(spo2, times)
        coupled = slide_cross_correlation(rate, saturation, length=LENGTH, step=step)
        starts = times[: (many - 1) * step + 1 : step]
        found.append(
            {"start": starts, "end": np.asarray(starts + WINDOW_S, dtype=np.float64)}
            | _moments("rate", sliding_window_view(rate, LENGTH)[::step])
            | _moments("spo2", sliding_window_view(saturation, LENGTH)[::step])
            | _lows(sliding_window_view(saturation, LENGTH)[::step])
            | {"correlation": coupled.value, "lag_s": coupled.lag_s, "pairs": coupled.pairs}
        )
    return found


def _moments(name: str, rows: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
    known = np.isfinite(rows)
    n = np.sum(known, axis=1).astype(np.float64)
    enough = n >= LEAST * LENGTH
    count = np.where(enough, n, np.nan)
    mean = np.sum(np.where(known, rows, 0.0), axis=1) / count
    away = np.where(known, rows - mean[:, None], 0.0)
    second, third, fourth = (np.sum(away**k, axis=1) / count for k in (2, 3, 4))
    moves = np.where(second > SLACK**2, second, np.nan)
    return {
        f"{name}_coverage": n / LENGTH,
        f"{name}_mean": mean,
        f"{name}_sd": np.sqrt(second * count / (count - 1)),
        f"{name}_skewness": third / moves**1.5,
        f"{name}_kurtosis": fourth / moves**2 - 3.0,
    }


def _lows(rows: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
    n = np.sum(np.isfinite(rows), axis=1)
    count = np.where(n >= LEAST * LENGTH, n, np.nan)
    return {
        f"spo2_below_{limit}": 100.0 * np.sum(rows < limit - SLACK, axis=1) / count
        for limit in (80, 85, 90)
    }
