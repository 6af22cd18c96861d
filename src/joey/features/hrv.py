"""Heart-rate variability over a phase: the mean of five-minute windows that are good enough.

Variability grows with the window it is measured in; one number over an hour would mostly tell how
the rate drifted, and phases of different length could not be compared. So each phase is cut into
windows of five minutes from the start of each of its spans, what is left over is not used, and the
value is the mean of the windows that pass the minimum-data rules.
"""

from __future__ import annotations

from math import isnan, nan
from typing import TYPE_CHECKING

import numpy as np

from joey.beats import with_breaks
from joey.features.breathing import breath_intervals, breathing_band
from joey.features.capacity import measure_acceleration_capacity, measure_deceleration_capacity
from joey.features.entropy import measure_sample_entropy
from joey.features.material import HrvRules, HrvWindow, Material, Measured
from joey.features.scaling import measure_alpha1
from joey.features.spectrum import measure_band_power
from joey.features.variability import (
    measure_asymmetry,
    measure_pnn,
    measure_poincare,
    measure_rmssd,
    measure_sdnn,
    rmssd_floor,
)
from joey.spans import Spans, contains, total

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from joey.beats import Intervals

__all__ = [
    "entropy_over_windows",
    "measure_window",
    "over_windows",
    "rmssd_over_windows",
    "trusted_intervals",
    "whole_windows",
]

MIN_BREATHS = 30  # in a window, for centiles of its breathing rate


def whole_windows(spans: Spans, window_s: float) -> Iterator[tuple[float, float]]:
    """Yield the windows that fit into each span, one after the other from its start on. [s]"""
    for start, end in spans.bounds:
        # A hair's breadth, so that 3600 s written as a difference of two times holds twelve.
        for k in range(int((end - start) / window_s + 1e-6)):
            yield float(start) + k * window_s, float(start) + (k + 1) * window_s


def measure_window(material: Material, start: float, end: float) -> HrvWindow:
    """Return the variability of the ECG's intervals in [start, end); all NaN without an ECG."""
    known = material.windows.get((start, end))
    if known is None:
        known = _window(material, start, end)
        material.windows[start, end] = known
    return known


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
    windows = [
        measure_window(material, *each) for each in whole_windows(spans, material.rules.window_s)
    ]
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
    windows = [
        measure_window(material, *each) for each in whole_windows(spans, material.rules.window_s)
    ]
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


def _window(material: Material, start: float, end: float) -> HrvWindow:
    intervals = material.intervals
    if intervals is None:
        return HrvWindow(0, 0.0, 0.0, 0.0, usable=False)
    times, nn, corrected = trusted_intervals(material, intervals, start, end)
    known = np.isfinite(nn)
    count, seconds = int(known.sum()), float(np.sum(nn[known])) / 1000.0
    share = float(np.mean(corrected)) if len(corrected) else 0.0
    coverage = seconds / (end - start)
    rules = material.rules
    enough = count >= rules.min_beats and coverage >= rules.min_coverage
    if not enough or share > rules.max_corrected:
        return HrvWindow(count, seconds, coverage, share, usable=False)
    times, x = times[known], nn[known]
    broken = with_breaks(times, x)
    spread = measure_poincare(broken)
    m3 = measure_sample_entropy(broken, m=3, r=rules.entropy_r)
    m2 = measure_sample_entropy(broken, m=2, r=rules.entropy_r)
    prsa = {"anchor": rules.anchor, "scale": rules.scale, "reach": rules.reach}
    power = measure_band_power(times, x, breathing_hz=_breathing(material, start, end))
    return HrvWindow(
        count,
        seconds,
        coverage,
        share,
        usable=True,
        sdnn=measure_sdnn(broken),
        rmssd=measure_rmssd(broken),
        pnn10=measure_pnn(broken, 10.0),
        sd1=spread.sd1,
        sd2=spread.sd2,
        asymmetry=measure_asymmetry(broken).ratio,
        sampen_m3=m3.value,
        sampen_m2=m2.value,
        tolerance_ms=m3.r_ms,
        alpha1=measure_alpha1(broken),
        dc=measure_deceleration_capacity(broken, **prsa).value,
        ac=measure_acceleration_capacity(broken, **prsa).value,
        vlf=power.vlf,
        lf=power.lf,
        hf=power.hf,
        rsa=power.rsa,
    )


def _breathing(material: Material, start: float, end: float) -> tuple[float, float] | None:
    if material.breaths is None:
        return None
    intervals = breath_intervals(
        material.breaths, Spans.of([(start, end)]), material.doubted("resp")
    )
    return breathing_band(intervals) if len(intervals) >= MIN_BREATHS else None
