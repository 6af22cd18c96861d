"""Loops over many windows of NN intervals at once, compiled by numba.

Every kernel has its declared signature: importing this module compiles them, or loads what an
earlier import compiled. Arrays come in C order and writable. A window is a row: its intervals in
beats' order, NaN at every break and behind its end. What the numbers mean stands where they are
used: `joey.features.variability`, `capacity`, `decelerations` and `windows`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from joey.compiled import kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = [
    "capacities",
    "decelerations",
    "lay",
    "number",
    "rank",
    "spread",
    "tally",
]

PLACE_BITS = 20  # of a key: a window holds at most a million intervals
PLACES = (1 << PLACE_BITS) - 1
LAST = (1 << 42) - 1  # ticks, beyond any interval


@kernel("void(f8[::1], f8[::1], b1[::1], i8[:,::1], f8[::1], f8, i8[:,::1], f8[::1])")
def tally(
    times: NDArray[np.float64],
    nn: NDArray[np.float64],
    corrected: NDArray[np.bool_],
    edges: NDArray[np.int64],
    ends: NDArray[np.float64],
    touch_s: float,
    counts: NDArray[np.int64],
    seconds: NDArray[np.float64],
) -> None:
    """Count what windows hold: accepted intervals, breaks and corrected ones; seconds accepted.

    Parameters
    ----------
    times, nn, corrected : ndarray, shape (n,)
        Start of each interval [s], the interval [ms; NaN where not accepted], whether cleaning
        changed or rejected it.
    edges : ndarray of int64, shape (w, 2)
        First interval that starts in each window, and the first that starts behind it.
    ends : ndarray of float64, shape (w,)
        End of each window: an interval must end in it too. [s]
    touch_s : float
        A distance in time that is none. [s]
    counts : ndarray of int64, shape (3, w)
        To be filled.
    seconds : ndarray of float64, shape (w,)
        To be filled.
    """
    for w in range(len(ends)):
        count = 0
        breaks = 0
        changed = 0
        total = 0.0
        expected = 0.0
        for k in range(edges[w, 0], edges[w, 1]):
            changed += corrected[k]
            length = nn[k] / 1000.0
            if not times[k] + length <= ends[w] + touch_s:
                continue
            if count > 0 and times[k] - expected > touch_s:
                breaks += 1
            expected = times[k] + length
            count += 1
            total += nn[k]
        counts[0, w] = count
        counts[1, w] = breaks
        counts[2, w] = changed
        seconds[w] = total / 1000.0


@kernel("void(f8[::1], f8[::1], i8[:,::1], f8[::1], f8, f8[:,::1], f8[:,::1])")
def lay(
    times: NDArray[np.float64],
    nn: NDArray[np.float64],
    edges: NDArray[np.int64],
    ends: NDArray[np.float64],
    touch_s: float,
    starts: NDArray[np.float64],
    rows: NDArray[np.float64],
) -> None:
    """Write the accepted intervals of windows into rows, with a NaN at every break.

    Parameters
    ----------
    times, nn, edges, ends, touch_s
        As in `tally`.
    starts, rows : ndarray of float64, shape (w, wide)
        To be filled: the start of each interval [s] and the interval [ms], NaN elsewhere.
    """
    for w in range(len(ends)):
        at = 0
        expected = 0.0
        for k in range(edges[w, 0], edges[w, 1]):
            length = nn[k] / 1000.0
            if not times[k] + length <= ends[w] + touch_s:
                continue
            if at > 0 and times[k] - expected > touch_s:
                starts[w, at] = np.nan
                rows[w, at] = np.nan
                at += 1
            expected = times[k] + length
            starts[w, at] = times[k]
            rows[w, at] = nn[k]
            at += 1
        starts[w, at:] = np.nan
        rows[w, at:] = np.nan


@kernel("void(f8[:,::1], f8, i8[:,::1])")
def number(rows: NDArray[np.float64], tick_ms: float, keys: NDArray[np.int64]) -> None:
    """Write whole numbers that sort each row, ticks first and places last; NaN sort last.

    Parameters
    ----------
    rows : ndarray of float64, shape (w, wide)
        The windows. [ms]
    tick_ms : float
        Intervals that round to the same tick are one value. [ms]
    keys : ndarray of int64, shape (w, wide)
        To be filled.
    """
    for w in range(rows.shape[0]):
        for i in range(rows.shape[1]):
            known = not np.isnan(rows[w, i])
            tick = np.int64(np.rint(rows[w, i] / tick_ms)) if known else LAST
            keys[w, i] = (tick << PLACE_BITS) | i


@kernel("void(f8[:,::1], i8[:,::1], i4[:,::1], f8[:,::1], i4[:,::1], f8[:,::1], i8[:,::1])")
def rank(
    rows: NDArray[np.float64],
    keys: NDArray[np.int64],
    order: NDArray[np.int32],
    ordered: NDArray[np.float64],
    ranks: NDArray[np.int32],
    values: NDArray[np.float64],
    counts: NDArray[np.int64],
) -> None:
    """Write which of the distinct values of its row each interval is.

    Parameters
    ----------
    rows : ndarray of float64, shape (w, wide)
        The windows. [ms]
    keys : ndarray of int64, shape (w, wide)
        As filled by `number`, each row sorted.
    order : ndarray of int32, shape (w, wide)
        To be filled: places of the intervals by rising tick, NaN last.
    ordered : ndarray of float64, shape (w, wide)
        To be filled: the intervals sorted, NaN last. [ms]
    ranks : ndarray of int32, shape (w, wide)
        To be filled: number of each interval's value; -1 where there is none.
    values : ndarray of float64, shape (w, wide)
        To be filled: the distinct values, as far as they go. [ticks]
    counts : ndarray of int64, shape (2, w)
        To be filled: how many intervals there are, and how many distinct values.
    """
    for w in range(rows.shape[0]):
        n = 0
        kinds = 0
        last = np.int64(-1)
        for k in range(rows.shape[1]):
            tick = keys[w, k] >> PLACE_BITS
            i = keys[w, k] & PLACES
            order[w, k] = i
            ordered[w, k] = rows[w, i]
            if tick == LAST:
                ranks[w, i] = -1
                continue
            if tick != last:
                values[w, kinds] = tick
                kinds += 1
                last = tick
            ranks[w, i] = kinds - 1
            n += 1
            # Within a tick the intervals may still differ by less.
            at = k
            while at > 0 and ordered[w, at - 1] > ordered[w, at]:
                ordered[w, at - 1], ordered[w, at] = ordered[w, at], ordered[w, at - 1]
                at -= 1
        counts[0, w] = n
        counts[1, w] = kinds


@kernel
def _moments(x: NDArray[np.float64]) -> tuple[int, float, float, float, float]:
    """Return how many values there are, their mean, and sums of powers of the distances from it."""
    n = 0
    total = 0.0
    for v in x:
        known = not np.isnan(v)
        n += known
        total += v if known else 0.0
    mean = total / n if n > 0 else np.nan
    second = 0.0
    third = 0.0
    fourth = 0.0
    for v in x:
        away = 0.0 if np.isnan(v) else v - mean
        square = away * away
        second += square
        third += square * away
        fourth += square * square
    return n, mean, second, third, fourth


@kernel
def _around_median(x: NDArray[np.float64]) -> tuple[float, float, float]:
    """Return the median distance from the median of sorted values, and sums of squared ones."""
    n = len(x)
    if n == 0:
        return np.nan, np.nan, np.nan
    median = (x[(n - 1) // 2] + x[n // 2]) / 2.0
    # Outwards from the median lie two sorted lists of distances: merge them half way.
    high = n // 2
    low = high - 1
    nearer = 0.0
    away = 0.0
    for _ in range(n // 2 + 1):
        nearer = away
        if low >= 0 and (high >= n or median - x[low] <= x[high] - median):
            away = median - x[low]
            low -= 1
        else:
            away = x[high] - median
            high += 1
    below = 0.0
    above = 0.0
    for k in range(n):
        away_k = x[k] - median
        below += away_k * away_k if away_k < 0.0 else 0.0
        above += away_k * away_k if away_k > 0.0 else 0.0
    return (away if n % 2 == 1 else (nearer + away) / 2.0), below, above


@kernel("void(f8[:,::1], f8[:,::1], f8[::1], f8[:,::1], i8[:,::1])")
def spread(
    rows: NDArray[np.float64],
    ordered: NDArray[np.float64],
    over_ms: NDArray[np.float64],
    out: NDArray[np.float64],
    over: NDArray[np.int64],
) -> None:
    """Sum up the intervals of each row and the differences of neighbors.

    Parameters
    ----------
    rows : ndarray of float64, shape (w, wide)
        The windows. [ms]
    ordered : ndarray of float64, shape (w, wide)
        Each row sorted, NaN last. [ms]
    over_ms : ndarray of float64, shape (k,)
        Thresholds of differences. [ms]
    out : ndarray of float64, shape (11, w)
        To be filled: intervals, their mean, sums of the 2nd, 3rd and 4th power of their distance
        from it; differences, the sum of their squares, the sum of squared distances from their
        mean; the median absolute distance from the median, the sums of squared distances of
        intervals below and above the median.
    over : ndarray of int64, shape (k, w)
        To be filled: differences beyond each threshold.
    """
    for w in range(rows.shape[0]):
        n, out[1, w], out[2, w], out[3, w], out[4, w] = _moments(rows[w])
        out[0, w] = n
        steps = rows[w, 1:] - rows[w, :-1]
        out[5, w], drift, out[7, w], _, _ = _moments(steps)
        out[6, w] = out[7, w] + out[5, w] * drift * drift if out[5, w] > 0 else 0.0
        for k in range(len(over_ms)):
            count = 0
            for step in steps:
                count += abs(step) > over_ms[k]
            over[k, w] = count
        out[8, w], out[9, w], out[10, w] = _around_median(ordered[w, :n])


@kernel
def _means(x: NDArray[np.float64], count: int) -> NDArray[np.float64]:
    """Return the mean of `count` values from each one on; NaN where there are fewer."""
    out = np.full(len(x), np.nan)
    last = max(len(x) - count + 1, 0)
    total = x[:last].copy()
    for k in range(1, count):
        total += x[k : last + k]
    out[:last] = total / count
    return out


@kernel("void(f8[:,::1], i8[::1], i8, i8, i8, f8, f8[:,::1], i8[:,::1])")
def capacities(
    rows: NDArray[np.float64],
    lengths: NDArray[np.int64],
    anchor: int,
    scale: int,
    reach: int,
    largest: float,
    swings: NDArray[np.float64],
    anchors: NDArray[np.int64],
) -> None:
    """Average each row around where intervals lengthen, and around where they shorten.

    Parameters
    ----------
    rows : ndarray of float64, shape (w, wide)
        The windows. [ms]
    lengths : ndarray of int64, shape (w,)
        How much of each row is its window.
    anchor, scale, reach : int
        T, s and L of `joey.features.capacity`.
    largest : float
        The largest step into an anchor, as a share.
    swings : ndarray of float64, shape (2, w)
        To be filled: the sum of half the swing over the anchors of lengthenings, of shortenings.
    anchors : ndarray of int64, shape (4, w)
        To be filled: anchors of both; and those that were left out for their step.
    """
    for w in range(rows.shape[0]):
        nn = rows[w, : lengths[w]]
        first = reach
        stop = max(len(nn) - reach, reach)
        trend = _means(nn, anchor)
        level = _means(nn, scale)
        # A NaN in one of the intervals that enter makes a comparison false.
        rise = trend[first:stop] - trend[first - anchor : stop - anchor]
        swing = (level[first:stop] - level[first - scale : stop - scale]) / 2.0
        step = np.abs(nn[first:stop] / nn[first - 1 : stop - 1] - 1.0)
        longer = 0.0
        shorter = 0.0
        up = down = up_all = down_all = 0
        for i in range(len(rise)):
            # Without a branch: which way the heart goes next cannot be predicted.
            small = step[i] <= largest
            rises = (rise[i] > 0.0) & (~np.isnan(swing[i]))
            falls = (rise[i] < 0.0) & (~np.isnan(swing[i]))
            longer += swing[i] if rises & small else 0.0
            shorter += swing[i] if falls & small else 0.0
            up_all += rises
            down_all += falls
            up += rises & small
            down += falls & small
        swings[0, w] = longer
        swings[1, w] = shorter
        anchors[0, w] = up
        anchors[1, w] = down
        anchors[2, w] = up_all - up
        anchors[3, w] = down_all - down


@kernel
def _next_held(held: NDArray[np.int32], place: int) -> int:
    while held[place] == 0:
        place += 1
    return place


@kernel
def _above_median(
    starts: NDArray[np.float64],
    ranks: NDArray[np.int32],
    values: NDArray[np.float64],
    around_s: float,
) -> NDArray[np.float64]:
    """Return how far each interval lies above the running median; zero where there is none."""
    above = np.zeros(len(ranks))
    held = np.zeros(len(ranks), dtype=np.int32)  # intervals of each value around the present one
    first = 0
    last = 0
    size = 0
    place = 0  # number of the value that is the lower median
    under = 0  # intervals that are smaller
    for k in range(len(ranks)):
        if ranks[k] < 0:
            continue
        while last < len(ranks) and (ranks[last] < 0 or starts[last] <= starts[k] + around_s):
            if ranks[last] >= 0:
                held[ranks[last]] += 1
                under += ranks[last] < place
                size += 1
            last += 1
        while ranks[first] < 0 or starts[first] < starts[k] - around_s:
            if ranks[first] >= 0:
                held[ranks[first]] -= 1
                under -= ranks[first] < place
                size -= 1
            first += 1
        while under > (size - 1) // 2:
            place -= 1
            under -= held[place]
        while under + held[place] <= (size - 1) // 2:
            under += held[place]
            place += 1
        upper = place
        if under + held[place] <= size // 2:  # an even number, and the other middle one is larger
            upper = _next_held(held, place + 1)
        above[k] = values[ranks[k]] - (values[place] + values[upper]) / 2.0
    return above


@kernel("void(f8[:,::1], i4[:,::1], f8[:,::1], f8, i8, f8[:,::1])")
def decelerations(
    starts: NDArray[np.float64],
    ranks: NDArray[np.int32],
    values: NDArray[np.float64],
    around_s: float,
    run: int,
    out: NDArray[np.float64],
) -> None:
    """Find the intervals that lie above their running median, and how far.

    Parameters
    ----------
    starts : ndarray of float64, shape (w, wide)
        Start of each interval. [s]
    ranks, values : ndarray, shape (w, wide)
        As filled by `rank`.
    around_s : float
        The running median is that of the intervals that start within this on either side. [s]
    run : int
        Intervals in a row that make a deceleration.
    out : ndarray of float64, shape (2, w)
        To be filled: how many intervals belong to decelerations, and the sum of squares of what
        they lie above the median from the mean of it. [1; ticks²]
    """
    for w in range(ranks.shape[0]):
        above = _above_median(starts[w], ranks[w], values[w], around_s)
        part = np.zeros(len(above))
        count = 0
        first = 0
        for k in range(len(above) + 1):
            if k < len(above) and above[k] > 0.0:
                continue
            if k - first >= run:
                part[count : count + k - first] = above[first:k]
                count += k - first
            first = k + 1
        out[0, w] = count
        out[1, w] = _moments(part[:count])[2]
