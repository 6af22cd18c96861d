"""What carries a feature, minute by minute: the series on which its memory is measured.

A feature such as RMSSD needs minutes of beats for one value, so that it has no value by the minute;
how slowly it drifts is read from its carrier, the rate or level under it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from joey.features.standing import standing
from joey.spans import EMPTY, Spans, contains, subtract

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from joey.features import Feature, Material
    from joey.signals import Series

__all__ = ["BY_MINUTE", "minute_values", "minutes_of", "window_means"]

MINUTE = 60.0  # s
LEAST = 30.0  # s of data that make a minute
BY_MINUTE = (
    "heart_rate", "heart_rate_monitor", "resp_rate", "resp_rate_monitor", "spo2", "spo2_fio2",
    "perfusion_index", "temp_axilla", "temp_rectal", "temp_core", "temp_skin", "temp_other",
)  # fmt: skip
"""Features that are their own carrier."""
ENOUGH = 0.5  # share of a window's minutes


def minutes_of(phase: Spans) -> NDArray[np.float64]:
    """Return the whole minutes of each span of a phase: starts [s], shape (n,)."""
    parts = [
        start + MINUTE * np.arange(int((end - start + 1e-6) // MINUTE))
        for start, end in phase.bounds
    ]
    return np.concatenate(parts) if parts else np.empty(0)


def minute_values(feature: Feature, material: Material, phase: Spans) -> NDArray[np.float64]:
    """Return the carrier of a feature in each whole minute of a phase.

    Parameters
    ----------
    feature : Feature
        Heart features are carried by the rate of beats, else the monitor's; breathing by the rate
        of breaths, else the monitor's; oxygen by SpO2; a temperature and perfusion by themselves.
    material : Material
        Where the carrier is.
    phase : Spans
        Where to look.

    Returns
    -------
    ndarray of float64, shape (minutes,)
        NaN where less than half of the minute was measured.
    """
    starts = minutes_of(phase)
    if (
        feature.group == "heart"
        and material.intervals is not None
        and feature.name != "heart_rate_monitor"
    ):
        here = _around(material.intervals.times, phase)
        times, nn = material.intervals.times[here], material.intervals.nn[here] / 1000.0
        good = np.isfinite(nn) & ~contains(material.doubted("ecg"), times)
        return _rate(times[good], nn[good], starts)
    if (
        feature.group == "breathing"
        and material.breaths is not None
        and feature.name != "resp_rate_monitor"
    ):
        times, lengths = _breath_intervals(material, phase)
        return _rate(times, lengths, starts)
    if feature.name == "spo2_fio2":
        return _level(material, "spo2", phase, starts) / _level(material, "fio2", phase, starts)
    if feature.group == "temperature":
        site = feature.name.removeprefix("temp_")
        return _level(material, "temp", phase, starts, site)
    quantity = {"heart": "heart_rate", "breathing": "resp_rate"}.get(feature.group, "spo2")
    return _level(
        material,
        "perfusion_index" if feature.name == "perfusion_index" else quantity,
        phase,
        starts,
    )


def window_means(
    minutes: NDArray[np.float64],
    start: float,
    phase: Spans,
    shifts: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Return the mean of minute values in a phase shifted by each of many times.

    Parameters
    ----------
    minutes : ndarray of float64, shape (n,)
        Minute by minute from `start` on; NaN where not measured.
    start : float
        [s]
    phase : Spans
        The phase, before it is shifted; its edges are taken to the nearest minute.
    shifts : ndarray of float64, shape (k,)
        [s]

    Returns
    -------
    ndarray of float64, shape (k,)
        NaN where less than half of the minutes are there.
    """
    known = np.isfinite(minutes)
    sums = np.concatenate(([0.0], np.cumsum(np.where(known, minutes, 0.0))))
    counts = np.concatenate(([0], np.cumsum(known)))
    total, valid, asked = np.zeros(len(shifts)), np.zeros(len(shifts)), 0.0
    for a, b in phase.bounds:
        lo = np.clip(np.rint((a + shifts - start) / MINUTE), 0, len(minutes)).astype(np.int64)
        hi = np.clip(np.rint((b + shifts - start) / MINUTE), 0, len(minutes)).astype(np.int64)
        total += sums[hi] - sums[lo]
        valid += counts[hi] - counts[lo]
        asked += (b - a) / MINUTE
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.where(valid >= ENOUGH * asked, total / valid, np.nan))


def _rate(
    times: NDArray[np.float64], lengths: NDArray[np.float64], starts: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return 60 / mean interval per minute, of the intervals that begin in it."""
    at = np.searchsorted(starts, times, side="right") - 1
    there = (at >= 0) & (times < starts[np.maximum(at, 0)] + MINUTE) if len(starts) else at > 0
    count = np.bincount(at[there], minlength=len(starts)).astype(np.float64)
    filled = np.bincount(at[there], weights=lengths[there], minlength=len(starts))
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.where(filled >= LEAST, 60.0 * count / filled, np.nan))


def _around(times: NDArray[np.float64], phase: Spans) -> slice:
    """Return where the times of a phase lie: the rest of a day need not be looked at."""
    if len(phase) == 0:
        return slice(0, 0)
    lo, hi = np.searchsorted(times, (phase.bounds[0, 0], phase.bounds[-1, 1]))
    return slice(int(lo), int(hi))


def _breath_intervals(
    material: Material, phase: Spans
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    breaths = material.breaths
    if breaths is None or len(breaths.searched) == 0:
        return np.empty(0), np.empty(0)
    times, bounds = breaths.times[_around(breaths.times, phase)], breaths.searched.bounds
    if len(times) < 2:
        return np.empty(0), np.empty(0)
    at = np.searchsorted(bounds[:, 0], times, side="right") - 1
    joined = (at[1:] == at[:-1]) & (times[1:] < bounds[np.maximum(at[1:], 0), 1] + 1e-6)
    joined &= ~contains(material.doubted("resp"), times[:-1])
    return times[:-1][joined], np.diff(times)[joined]


def _level(
    material: Material, quantity: str, phase: Spans, starts: NDArray[np.float64], site: str = ""
) -> NDArray[np.float64]:
    """Return the mean over measured time of a numeric in each minute; of its fullest channel."""
    channels: tuple[Series, ...] = material.numerics.get(quantity, ())
    if site:
        channels = tuple(c for c in channels if (c.channel.site or "other") == site) or channels
    trusted = subtract(phase, material.doubted(quantity) if len(phase) else EMPTY)
    most, best = np.full(len(starts), np.nan), 0.0
    for series in channels:
        there = standing(series, trusted)
        if there.total > best and len(starts):
            most, best = _means(there.starts, there.values, there.seconds, starts), there.total
    return most


def _means(
    times: NDArray[np.float64],
    values: NDArray[np.float64],
    seconds: NDArray[np.float64],
    starts: NDArray[np.float64],
) -> NDArray[np.float64]:
    # A value that stands for many minutes counts in each: it is cut at their edges.
    first = np.searchsorted(starts, times, side="right") - 1
    last = np.searchsorted(starts, times + seconds, side="left") - 1
    long = last > first
    if long.any():
        count = np.maximum(last - first, 0) + 1
        owner = np.repeat(np.arange(len(times)), count)
        part = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
        minute = first[owner] + part
        begin = np.where(part == 0, times[owner], starts[np.maximum(minute, 0)])
        stop = np.minimum(times[owner] + seconds[owner], starts[np.maximum(minute, 0)] + MINUTE)
        times, values, seconds, first = begin, values[owner], np.maximum(stop - begin, 0.0), minute
    there = (first >= 0) & (times < starts[np.maximum(first, 0)] + MINUTE)
    whole = np.bincount(first[there], weights=seconds[there], minlength=len(starts))
    sums = np.bincount(first[there], weights=(values * seconds)[there], minlength=len(starts))
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.where(whole >= LEAST, sums / whole, np.nan))
