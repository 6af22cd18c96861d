"""The curves of a response: the compressed cardiorespirogram and the strips, thinned for a page.

Thinning keeps the extremes: of each bin the lowest and the highest value stay, in their order, so
that no nadir and no R peak is lost. A gap stays a gap. Nothing is interpolated.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from joey.response.types import Track
from joey.signals import cut, pieces

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from joey.signals import Series, Signal
    from joey.spans import Span

__all__ = ["envelope_track", "series_track", "signal_track", "step_track"]

BREAK_S = 5.0  # s, a numeric that is silent for longer draws no line across
BASELINE_S = 8.0  # s, of the running mean under an envelope: longer than the slowest breath
NONE = np.empty(0)


def signal_track(signal: Signal, span: Span, label: str, points: int) -> Track:
    """Return a signal as a line of at most about `points` points; NaN where not measured."""
    part = cut(signal, span)
    values, times = part.values, part.times
    if len(values) > points:
        times, values = _extremes(times, values, -(-len(values) // (points // 2)))
    channel = signal.channel
    return Track(channel.quantity, label, channel.unit, "line", times, values, NONE)


def series_track(series: Series, span: Span, label: str, points: int) -> Track:
    """Return pieces as a line of at most about `points` points, broken where they are silent."""
    times, values = _broken(series, span)
    if len(values) > points:
        times, values = _extremes(times, values, -(-len(values) // (points // 2)))
    channel = series.channel
    return Track(channel.quantity, label, channel.unit, "line", times, values, NONE)


def step_track(series: Series, span: Span, label: str) -> Track:
    """Return pieces as steps: each value from its stamp on, NaN where it stops to stand."""
    lo = max(int(np.searchsorted(series.times, span.start, side="right")) - 1, 0)
    hi = int(np.searchsorted(series.times, span.end))
    times, values, ends = series.times[lo:hi], series.values[lo:hi], series.ends[lo:hi]
    keep = ends > span.start
    times, values, ends = np.maximum(times[keep], span.start), values[keep], ends[keep]
    # Equal neighbours are one step, and a value that is followed at once needs no end.
    silent = np.append(times[1:] - ends[:-1] > BREAK_S, True) if len(times) else NONE.astype(bool)
    out_t: list[float] = []
    out_v: list[float] = []
    for k, (time, value) in enumerate(zip(times.tolist(), values.tolist(), strict=True)):
        if not out_v or value != out_v[-1]:
            out_t.append(time)
            out_v.append(value)
        if silent[k]:
            out_t.append(min(float(ends[k]), span.end))
            out_v.append(float("nan"))
    channel = series.channel
    return Track(
        channel.quantity, label, channel.unit, "steps", np.array(out_t), np.array(out_v), NONE
    )


def envelope_track(signal: Signal, span: Span, label: str, bins: int) -> Track:
    """Return the lowest and highest value of each of `bins` bins, about the running mean.

    The running mean over 8 s is taken off, so that a drifting baseline does not hide the breaths.
    A bin without samples is NaN.
    """
    part = cut(signal, span)
    edges = np.linspace(span.start, span.end, bins + 1)
    low = np.full(bins, np.inf)
    high = np.full(bins, -np.inf)
    for segment in part.segments:
        values = part.values_of(segment)
        values = values - _running_mean(values, max(1, round(BASELINE_S * float(signal.fs))))
        times = segment.grid.times(np.arange(segment.first, segment.stop))
        at = np.searchsorted(times, edges)
        for k in np.flatnonzero(np.diff(at)):
            piece = values[at[k] : at[k + 1]]
            piece = piece[np.isfinite(piece)]
            if len(piece):
                low[k] = min(low[k], float(piece.min()))
                high[k] = max(high[k], float(piece.max()))
    none = low > high
    low[none] = high[none] = np.nan
    middle = (edges[:-1] + edges[1:]) / 2
    channel = signal.channel
    return Track(channel.quantity, label, channel.unit, "envelope", middle, low, high)


def _running_mean(values: NDArray[np.float64], width: int) -> NDArray[np.float64]:
    known = np.isfinite(values)
    sums = np.concatenate(([0.0], np.cumsum(np.where(known, values, 0.0))))
    counts = np.concatenate(([0], np.cumsum(known)))
    at = np.arange(len(values))
    lo, hi = np.maximum(at - width // 2, 0), np.minimum(at + width // 2 + 1, len(values))
    return np.asarray((sums[hi] - sums[lo]) / np.maximum(counts[hi] - counts[lo], 1))


def _broken(series: Series, span: Span) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return times and values of what was measured, with a NaN wherever it falls silent."""
    part = pieces(cut(series, span))
    gaps = np.flatnonzero(part.times[1:] - part.ends[:-1] > BREAK_S) + 1
    times = np.insert(part.times, gaps, part.ends[gaps - 1])
    return times, np.insert(part.values, gaps, np.nan)


def _extremes(
    times: NDArray[np.float64], values: NDArray[np.float64], width: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the lowest and the highest of every `width` values; NaN where all are missing."""
    bins = -(-len(values) // width)
    pad = bins * width - len(values)
    grid = np.concatenate((values, np.full(pad, np.nan))).reshape(bins, width)
    missing = np.isnan(grid)
    low = np.where(missing, np.inf, grid).argmin(axis=1)
    high = np.where(missing, -np.inf, grid).argmax(axis=1)
    at = np.sort(np.stack((low, high), axis=1), axis=1) + np.arange(bins)[:, np.newaxis] * width
    at = np.minimum(at, len(values) - 1)
    # Whatever is missing inside a bin breaks the line after it: a third point, only there.
    holes = missing.any(axis=1)
    holes[-1] = bool(missing[-1, : width - pad].any())
    shown = np.stack((np.ones(bins, bool), np.ones(bins, bool), holes), axis=1)
    out_t = np.column_stack((times[at], times[at[:, 1]]))
    out_v = np.column_stack((values[at], np.full(bins, np.nan)))
    return out_t[shown], out_v[shown]
