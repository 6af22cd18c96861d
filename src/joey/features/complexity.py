"""Multiscale and cross-sample entropy in windows that slide over days, each with its coverage."""

from __future__ import annotations

from dataclasses import dataclass
from math import nan
from typing import TYPE_CHECKING

import numpy as np

from joey.features.coupling import STEP_S, WINDOW_S
from joey.features.entropy import measure_cross_entropy, measure_multiscale_entropy
from joey.features.material import HrvRules, Material
from joey.features.standing import standing_at
from joey.features.variability import TICK_MS
from joey.features.windows import lay_out, windows_within
from joey.signals import measured
from joey.spans import Spans, intersect

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from joey.beats import Intervals
    from joey.signals import Series

__all__ = [
    "CrossEntropyWindows",
    "MultiscaleWindows",
    "measure_cross_entropy_windows",
    "measure_multiscale_windows",
]

HOUR = HrvRules(window_s=3600.0)  # some 8,000 beats: 400 means at scale 20
AT_ONCE = 24  # windows laid out side by side
LEAST = 0.8  # share of a window in which both series are known


@dataclass(frozen=True, slots=True, eq=False)
class MultiscaleWindows:
    """Multiscale entropy of windows.

    Parameters
    ----------
    start, end : ndarray of float64, shape (w,)
        Of each window, half-open. [s]
    n : ndarray of int64, shape (w,)
        Accepted intervals.
    coverage, corrected : ndarray of float64, shape (w,)
        Share of the window's time that accepted intervals fill, and share of intervals that
        cleaning changed or rejected, 0 to 1.
    entropy : ndarray of float64, shape (w, scales)
        From scale 1 on; NaN where the window is not usable, and where too few means match. [nat]
    tolerance_ms : ndarray of float64, shape (w,)
        The tolerance, the same for all scales of a window. [ms]
    reasons : tuple of str
        Why a window is not usable; empty where it is.
    """

    start: NDArray[np.float64]
    end: NDArray[np.float64]
    n: NDArray[np.int64]
    coverage: NDArray[np.float64]
    corrected: NDArray[np.float64]
    entropy: NDArray[np.float64]
    tolerance_ms: NDArray[np.float64]
    reasons: tuple[str, ...]

    def __len__(self) -> int:
        """Return how many windows there are."""
        return len(self.start)


@dataclass(frozen=True, slots=True, eq=False)
class CrossEntropyWindows:
    """Cross-sample entropy of two series in windows: arrays of shape (w,).

    Parameters
    ----------
    start, end : ndarray of float64
        Of each window, half-open. [s]
    coverage : ndarray of float64
        Share of the window in which both are known, 0 to 1.
    entropy : ndarray of float64
        NaN where it cannot be said. [nat]
    reasons : tuple of str
        Why there is no value; empty where there is.
    """

    start: NDArray[np.float64]
    end: NDArray[np.float64]
    coverage: NDArray[np.float64]
    entropy: NDArray[np.float64]
    reasons: tuple[str, ...]

    def __len__(self) -> int:
        """Return how many windows there are."""
        return len(self.start)


def measure_multiscale_windows(
    intervals: Intervals,
    *,
    within: Spans | None = None,
    step_s: float | None = None,
    rules: HrvRules = HOUR,
    scales: int = 20,
    m: int = 2,
    r: float = 0.15,
    distrusted: dict[str, Spans] | None = None,
) -> MultiscaleWindows:
    """Return the multiscale entropy of every window of a recording.

    Parameters
    ----------
    intervals : Intervals
        Cleaned intervals between beats, see `joey.beats.nn_intervals`.
    within, step_s, distrusted
        As of `measure_windows`.
    rules : HrvRules
        Length of a window, by default an hour, and what it needs.
    scales, m, r
        As of `measure_multiscale_entropy`.

    Returns
    -------
    MultiscaleWindows
        In the order of time, of those that fit and hold searched time.

    Raises
    ------
    ValueError
        As of `measure_windows`.

    Examples
    --------
    >>> from joey.beats import intervals_from_rr
    >>> rr = np.random.default_rng(0).normal(400.0, 10.0, 20_000)
    >>> found = measure_multiscale_windows(intervals_from_rr(rr), scales=3)
    >>> found.coverage.round(3), found.entropy.round(1)
    (array([1., 1.]), array([[2.5, 2.1, 1.9],
           [2.5, 2.1, 1.9]]))
    """
    material = Material(intervals, distrusted=distrusted or {}, rules=rules)
    bounds = _bounds(within, intervals.searched, rules.window_s, step_s)
    entropy, tolerance = np.full((len(bounds), scales), nan), np.full(len(bounds), nan)
    columns = np.empty((3, len(bounds)))
    reasons: list[str] = []
    for first in range(0, len(bounds), AT_ONCE):
        part = slice(first, first + AT_ONCE)
        laid = lay_out(material, intervals, bounds[part])
        columns[:, part] = laid.n, laid.coverage, laid.corrected
        reasons += laid.reasons
        for k, row, length in zip(
            np.flatnonzero(laid.usable) + first, laid.rows, laid.lengths, strict=True
        ):
            found = measure_multiscale_entropy(
                row[:length], scales=scales, m=m, r=r, tick_ms=TICK_MS
            )
            entropy[k] = [each.value for each in found]
            tolerance[k] = found[0].r_ms
    n, coverage, corrected = columns
    return MultiscaleWindows(
        bounds[:, 0], bounds[:, 1], n.astype(np.int64), coverage, corrected,
        entropy, tolerance, tuple(reasons),
    )  # fmt: skip


def measure_cross_entropy_windows(
    x: Series,
    y: Series,
    *,
    within: Spans | None = None,
    window_s: float = WINDOW_S,
    step_s: float | None = None,
    m: int = 2,
    r: float = 0.2,
) -> CrossEntropyWindows:
    """Return the cross-sample entropy of two numerics in every window of a recording.

    Parameters
    ----------
    x, y : Series
        Such as heart rate and saturation; NaN for not measured.
    within : Spans, optional
        Where windows lie: each span holds whole windows from its start on. Left out, one span from
        the first to the last time at which both are known.
    window_s : float, default 600
        Length of a window. [s]
    step_s : float, optional
        From the start of a window to that of the next; left out, windows follow each other. [s]
    m, r
        As of `measure_cross_entropy`.

    Returns
    -------
    CrossEntropyWindows
        In the order of time, of those that hold time at which both are known. Both are read every
        2 s, as they stand then.

    Raises
    ------
    ValueError
        If a window is shorter than 2 s, the step is not positive, a time is beyond what seconds
        can tell, or there are over four million windows.
    """
    there = intersect(measured(x), measured(y))
    if not window_s >= STEP_S:
        msg = f"a window of cross-sample entropy has {STEP_S:g} s or more, not {window_s!r}"
        raise ValueError(msg)
    bounds = _bounds(within, there, window_s, step_s)
    every = np.arange(round(window_s / STEP_S)) * STEP_S
    coverage, entropy = np.zeros(len(bounds)), np.full(len(bounds), nan)
    reasons = []
    for k, (start, _) in enumerate(bounds):
        one, other = standing_at(x, start + every), standing_at(y, start + every)
        coverage[k] = np.mean(np.isfinite(one) & np.isfinite(other))
        if coverage[k] < LEAST:
            reasons.append(f"both are known in {coverage[k]:.0%}, less than {LEAST:.0%}")
            continue
        found = measure_cross_entropy(one, other, m=m, r=r)
        entropy[k] = found.value
        reasons.append(found.reason)
    return CrossEntropyWindows(bounds[:, 0], bounds[:, 1], coverage, entropy, tuple(reasons))


def _bounds(
    within: Spans | None, there: Spans, window_s: float, step_s: float | None
) -> NDArray[np.float64]:
    """Return start and end of each window, shape (w, 2). [s]"""
    step = window_s if step_s is None else step_s
    if not step > 0:
        msg = f"windows follow each other by a positive time, not {step} s"
        raise ValueError(msg)
    if within is None:
        rows = there.bounds
        within = Spans.of([(rows[0, 0], rows[-1, 1])] if len(rows) else [])
    parts = [
        start + np.arange(first, stop) * step
        for start, first, stop in windows_within(within, there, window_s, step)
    ]
    starts = np.concatenate([np.empty(0), *parts])
    return np.column_stack((starts, starts + window_s))
