"""Heart-rate variability over a phase: the mean of five-minute windows that are good enough.

Variability grows with the window it is measured in; one number over an hour would mostly tell how
the rate drifted, and phases of different length could not be compared. So each phase is cut into
windows of five minutes from the start of each of its spans, what is left over is not used, and the
value is the mean of the windows that pass the minimum-data rules.
"""

from __future__ import annotations

from dataclasses import fields
from math import isnan, nan
from typing import TYPE_CHECKING

import numpy as np

from joey.beats.intervals import DEFAULT
from joey.features.material import HrvRules, HrvWindow, Material, Measured
from joey.features.variability import rmssd_floor
from joey.features.windows import whole_windows, windows_at
from joey.spans import Spans, contains, total

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from joey.beats import Intervals

__all__ = [
    "beating_intervals",
    "entropy_over_windows",
    "measure_window",
    "over_windows",
    "rmssd_over_windows",
    "trusted_intervals",
]


def measure_window(material: Material, start: float, end: float) -> HrvWindow:
    """Return the variability of the ECG's intervals in [start, end); all NaN without an ECG."""
    return _measured(material, [(start, end)])[0]


def over_windows(
    material: Material, spans: Spans, value_of: Callable[[HrvWindow], float], lacking: str = ""
) -> Measured:
    """Return the mean of one value over the five-minute windows of spans.

    Parameters
    ----------
    material : Material
        With the ECG's intervals.
    spans : Spans
        A phase or a block.
    value_of : callable
        The value of a window.
    lacking : str
        Why a window with enough beats may still have no value.

    Returns
    -------
    Measured
        `coverage` is the share of the spans that the accepted intervals of the used windows fill.
    """
    asked = total(spans)
    if material.intervals is None or not _any_beats(material.intervals, spans):
        return Measured(nan, 0, 0.0, "no ECG with beats in this phase")
    source, rules = material.intervals.channel.label, material.rules
    windows = _measured(material, list(whole_windows(spans, material.rules.window_s)))
    if not windows:
        return Measured(nan, 0, 0.0, f"no {_minutes(rules)} window fits into this phase", source)
    used = [(each, value) for each in windows if not isnan(value := value_of(each))]
    if used:
        filled = sum(each.accepted_s for each, _ in used)
        mean = float(np.mean([value for _, value in used]))
        return Measured(mean, sum(each.n for each, _ in used), filled / asked, "", source)
    reason = lacking if any(each.usable for each in windows) else _best_of(windows, rules)
    filled = sum(each.accepted_s for each in windows)
    return Measured(nan, sum(each.n for each in windows), filled / asked, reason, source)


def rmssd_over_windows(material: Material, spans: Spans) -> Measured:
    """Return RMSSD, with a note where it comes near the timing noise of the beats."""
    found = over_windows(material, spans, lambda each: each.rmssd)
    if material.intervals is None or isnan(found.value):
        return found
    floor = rmssd_floor(material.intervals.resolution_ms)
    if isnan(floor):
        note = "the timing noise of the beats is not known"
    elif found.value < 2.0 * floor:
        note = f"less than twice the timing noise of the beats (floor {floor:.2f} ms)"
    else:
        return found
    return Measured(found.value, found.n, found.coverage, note, found.source)


def entropy_over_windows(
    material: Material, spans: Spans, value_of: Callable[[HrvWindow], float]
) -> Measured:
    """Return a sample entropy, with a note where its tolerance is finer than the beats' timing."""
    found = over_windows(material, spans, value_of, "too few matches for a sample entropy")
    if material.intervals is None or isnan(found.value):
        return found
    windows = _measured(material, list(whole_windows(spans, material.rules.window_s)))
    tolerance = float(np.mean([w.tolerance_ms for w in windows if not isnan(value_of(w))]))
    step = material.intervals.resolution_ms
    if not tolerance < step:
        return found
    note = f"its tolerance r = {tolerance:.1f} ms is finer than the beats' timing ({step:g} ms)"
    return Measured(found.value, found.n, found.coverage, note, found.source)


def trusted_intervals(
    material: Material, intervals: Intervals, start: float, end: float
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.bool_]]:
    """Return times [s], NN [ms; NaN where rejected or in distrusted time] and corrections."""
    lo, hi = np.searchsorted(intervals.times, (start, end))
    times, nn = intervals.times[lo:hi], intervals.nn[lo:hi]
    ends = times + np.where(np.isfinite(nn), nn, intervals.rr[lo:hi]) / 1000.0
    nn = np.where(ends <= end + 1e-3, nn, np.nan)
    doubted = material.doubted(intervals.channel.quantity)
    if len(doubted):
        nn = np.where(contains(doubted, times) | contains(doubted, ends), np.nan, nn)
    return times, nn, intervals.corrected[lo:hi]


def beating_intervals(
    material: Material, intervals: Intervals, start: float, end: float
) -> NDArray[np.float64]:
    """Return the intervals a rate is counted from: NN, and RR beyond the limits of an NN. [ms]

    A heart of 35/min has no NN interval by the limits of variability, and yet a rate. NaN where
    rejected for another reason, or in distrusted time.
    """
    times, nn, _ = trusted_intervals(material, intervals, start, end)
    lo = int(np.searchsorted(intervals.times, start))
    rr = intervals.rr[lo : lo + len(nn)]
    beyond = np.isnan(nn) & ((rr > DEFAULT.longest_ms) | (rr < DEFAULT.shortest_ms))
    ends = times + rr / 1000.0
    beyond &= ends <= end + 1e-3
    doubted = material.doubted(intervals.channel.quantity)
    if len(doubted):
        beyond &= ~(contains(doubted, times) | contains(doubted, ends))
    return np.where(beyond, rr, nn)


def _any_beats(intervals: Intervals, spans: Spans) -> bool:
    lo = np.searchsorted(intervals.times, spans.bounds[:, 0])
    hi = np.searchsorted(intervals.times, spans.bounds[:, 1])
    return bool(np.any(hi > lo))


def _minutes(rules: HrvRules) -> str:
    return f"{rules.window_s / 60:g}-min"


def _best_of(windows: list[HrvWindow], rules: HrvRules) -> str:
    best = max(windows, key=lambda each: each.coverage)
    return (
        f"no {_minutes(rules)} window has {rules.min_beats} accepted intervals that fill "
        f"{rules.min_coverage:.0%} of it with at most {rules.max_corrected:.0%} corrected "
        f"(fullest: {best.n} intervals, {best.coverage:.0%}, {best.corrected:.1%} corrected)"
    )


def _measured(material: Material, bounds: list[tuple[float, float]]) -> list[HrvWindow]:
    """Return the variability of windows, measuring together those that nobody asked for before."""
    if material.intervals is None:
        return [HrvWindow(0, 0.0, 0.0, 0.0, usable=False) for _ in bounds]
    new = [each for each in bounds if each not in material.windows]
    if new:
        found = windows_at(material, new)
        names = [each.name for each in fields(HrvWindow)]
        columns = (getattr(found, name).tolist() for name in names)
        for each, row in zip(new, zip(*columns, strict=True), strict=True):
            material.windows[each] = HrvWindow(**dict(zip(names, row, strict=True)))
    return [material.windows[each] for each in bounds]
