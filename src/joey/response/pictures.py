"""The curves of a response: the compressed cardiorespirogram and the strips, thinned for a page.

Thinning keeps the extremes: of each column of a measured run the lowest and the highest value stay,
in their order, so that no nadir and no R peak is lost. Where a value stops to stand before the next
one begins the line is broken there. Nothing is interpolated.
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

BREAK_S = 5.0  # s, nothing is drawn across a silence longer than this,
BREAK_SHARE = 0.5  # or longer than this share of the value before it: jitter of stamps is less
BASELINE_S = 8.0  # s, of the running mean under an envelope: longer than the slowest breath
NONE = np.empty(0)


def signal_track(signal: Signal, span: Span, label: str, points: int) -> Track:
    """Return a signal as a line of about `points` points or fewer, broken where not measured."""
    return _line(pieces(cut(signal, span)), span, label, points)


def series_track(series: Series, span: Span, label: str, points: int) -> Track:
    """Return pieces as a line of about `points` points or fewer, broken where they are silent."""
    return _line(pieces(cut(series, span)), span, label, points)


def step_track(series: Series, span: Span, label: str) -> Track:
    """Return pieces as steps: each value from its stamp on, NaN where it stops to stand."""
    lo = max(int(np.searchsorted(series.times, span.start, side="right")) - 1, 0)
    hi = int(np.searchsorted(series.times, span.end))
    times, values, ends = series.times[lo:hi], series.values[lo:hi], series.ends[lo:hi]
    keep = ends > span.start
    times, values, ends = np.maximum(times[keep], span.start), values[keep], ends[keep]
    # Equal neighbors are one step, and a value that is followed at once needs no end.
    silent = np.append(_silences(times, ends) > 0, True) if len(times) else NONE.astype(bool)
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


def _line(part: Series, span: Span, label: str, points: int) -> Track:
    times, values = part.times, part.values
    silence = _silences(times, part.ends)
    kept = np.arange(len(times))
    if len(times) > points:
        column = 2 * span.duration / points
        # A silence narrower than a column cannot be told from none on the page.
        silence = np.where(silence > column, silence, 0.0)
        run = np.concatenate(([0], np.cumsum(silence > 0)))
        kept = _extremes(values, run, np.floor((times - span.start) / column))
    # A NaN stands at the gap itself: where the last value before it stops to stand.
    gaps = np.flatnonzero(silence > 0)
    at = np.searchsorted(kept, gaps, side="right")
    channel = part.channel
    return Track(
        channel.quantity,
        label,
        channel.unit,
        "line",
        np.insert(times[kept], at, part.ends[gaps]),
        np.insert(values[kept], at, np.nan),
        NONE,
    )


def _silences(times: NDArray[np.float64], ends: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return how long nothing was measured after each piece but the last; 0 for a touch. [s]"""
    if len(times) < 2:
        return NONE
    silence = times[1:] - ends[:-1]
    least = np.minimum(BREAK_S, BREAK_SHARE * (ends - times)[:-1])
    return np.where(silence > least, silence, 0.0)


def _extremes(
    values: NDArray[np.float64], run: NDArray[np.int64], column: NDArray[np.float64]
) -> NDArray[np.int64]:
    """Return where the lowest and the highest value of each column of each run are, in order."""
    new = np.concatenate(([True], (np.diff(run) != 0) | (np.diff(column) != 0)))
    group = np.cumsum(new)
    order = np.lexsort((values, group))
    first = np.flatnonzero(new)
    last = np.append(first[1:], len(values)) - 1
    return np.unique(np.concatenate((order[first], order[last])))
