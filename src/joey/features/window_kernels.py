"""Loops over many windows of NN intervals at once, compiled by numba at their first use.

A window is a row: its intervals in beats' order, NaN at every break and behind its end. What the
numbers mean stands where they are used: `joey.features.variability`, `capacity`, `decelerations`,
`spectrum` and `windows`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numba import njit

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["capacities", "decelerations", "lay", "resample", "spread", "tally"]


@njit(cache=True)
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


@njit(cache=True)
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


@njit(cache=True)
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
        nn = rows[w]
        n = 0
        total = 0.0
        steps = 0
        way = 0.0
        before = np.nan
        for v in nn:
            if v == v:
                n += 1
                total += v
            step = v - before
            if step == step:
                steps += 1
                way += step
            before = v
        mean = total / n if n > 0 else np.nan
        drift = way / steps if steps > 0 else np.nan
        second = 0.0
        third = 0.0
        fourth = 0.0
        squares = 0.0
        scatter = 0.0
        over[:, w] = 0
        before = np.nan
        for v in nn:
            away = v - mean
            if away == away:
                square = away * away
                second += square
                third += square * away
                fourth += square * square
            step = v - before
            if step == step:
                squares += step * step
                scatter += (step - drift) * (step - drift)
                size = abs(step)
                for k in range(len(over_ms)):
                    over[k, w] += size > over_ms[k]
            before = v
        out[0, w] = n
        out[1, w] = mean
        out[2, w] = second
        out[3, w] = third
        out[4, w] = fourth
        out[5, w] = steps
        out[6, w] = squares
        out[7, w] = scatter
        if n == 0:
            out[8:, w] = np.nan
            continue
        x = ordered[w]
        median = (x[(n - 1) // 2] + x[n // 2]) / 2.0
        # The sorted distances from the median are two sorted lists: merge them half way.
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
        out[8, w] = away if n % 2 == 1 else (nearer + away) / 2.0
        below = 0.0
        above = 0.0
        for k in range(n):
            away = x[k] - median
            if away < 0.0:
                below += away * away
            else:
                above += away * away
        out[9, w] = below
        out[10, w] = above


@njit(cache=True)
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
        nn = rows[w]
        swings[:, w] = 0.0
        anchors[:, w] = 0
        for i in range(reach, lengths[w] - reach):
            after = nn[i]
            before = nn[i - anchor]
            for k in range(1, anchor):
                after += nn[i + k]
                before += nn[i - anchor + k]
            rise = after / anchor - before / anchor
            after = nn[i]
            before = nn[i - scale]
            for k in range(1, scale):
                after += nn[i + k]
                before += nn[i - scale + k]
            swing = (after / scale - before / scale) / 2.0
            # A NaN in one of the intervals that enter makes a comparison false.
            if not (swing == swing and (rise > 0.0 or rise < 0.0)):
                continue
            side = 0 if rise > 0.0 else 1
            if abs(nn[i] / nn[i - 1] - 1.0) <= largest:
                swings[side, w] += swing
                anchors[side, w] += 1
            else:
                anchors[side + 2, w] += 1


@njit(cache=True)
def decelerations(
    starts: NDArray[np.float64],
    rows: NDArray[np.float64],
    ordered: NDArray[np.float64],
    around_s: float,
    run: int,
    out: NDArray[np.float64],
) -> None:
    """Find the intervals that lie above their running median, and how far.

    Parameters
    ----------
    starts, rows, ordered : ndarray of float64, shape (w, wide)
        Start of each interval [s], the intervals [ms] with NaN at breaks, and the latter sorted.
    around_s : float
        The running median is that of the intervals that start within this on either side. [s]
    run : int
        Intervals in a row that make a deceleration.
    out : ndarray of float64, shape (2, w)
        To be filled: how many intervals belong to decelerations, and the sum of squares of what
        they lie above the median from the mean of it.
    """
    width = rows.shape[1]
    places = np.empty(width, dtype=np.int64)
    above = np.empty(width)
    held = np.empty(width, dtype=np.int64)
    for w in range(rows.shape[0]):
        at = starts[w]
        nn = rows[w]
        # Distinct values in order; each interval is known by the place of its value.
        x = ordered[w]
        for k in range(width):
            held[k] = 0
            if nn[k] == nn[k]:
                lo = 0
                hi = width
                while lo < hi:
                    mid = (lo + hi) // 2
                    if x[mid] < nn[k]:
                        lo = mid + 1
                    else:  # NaN, which stand last, are no smaller
                        hi = mid
                places[k] = lo
            else:
                places[k] = -1
        first = 0
        last = 0
        size = 0
        # The place of the lower median, and how many intervals stand before it.
        place = 0
        under = 0
        for k in range(width):
            above[k] = 0.0
            if places[k] < 0:
                continue
            while last < width and (places[last] < 0 or at[last] <= at[k] + around_s):
                if places[last] >= 0:
                    held[places[last]] += 1
                    size += 1
                    under += places[last] < place
                last += 1
            while places[first] < 0 or at[first] < at[k] - around_s:
                if places[first] >= 0:
                    held[places[first]] -= 1
                    size -= 1
                    under -= places[first] < place
                first += 1
            middle = (size - 1) // 2
            while under > middle:
                place -= 1
                under -= held[place]
            while under + held[place] <= middle:
                under += held[place]
                place += 1
            median = x[place]
            if size % 2 == 0 and under + held[place] <= middle + 1:
                upper = place + 1
                while held[upper] == 0:
                    upper += 1
                median = (median + x[upper]) / 2.0
            above[k] = nn[k] - median
        count = 0
        total = 0.0
        for turn in range(2):
            mean = total / count if count > 0 else 0.0
            squares = 0.0
            k = 0
            while k < width:
                stop = k
                while stop < width and above[stop] > 0.0:
                    stop += 1
                if stop - k >= run:
                    for j in range(k, stop):
                        if turn == 0:
                            count += 1
                            total += above[j]
                        else:
                            squares += (above[j] - mean) * (above[j] - mean)
                k = stop + 1
            out[1, w] = squares
        out[0, w] = count


@njit(cache=True)
def resample(
    starts: NDArray[np.float64],
    rows: NDArray[np.float64],
    hz: float,
    widest_s: NDArray[np.float64],
    even: NDArray[np.float64],
) -> None:
    """Draw a monotone cubic through the intervals of each row and read it at even times.

    Parameters
    ----------
    starts, rows : ndarray of float64, shape (w, wide)
        Start of each interval [s] and the intervals [ms], NaN at breaks and behind the end.
    hz : float
        How often it is read, from the end of the first interval on. [Hz]
    widest_s : ndarray of float64, shape (w,)
        Time without an accepted interval that the curve may cross. [s]
    even : ndarray of float64, shape (w, long)
        To be filled; NaN where more is missing and behind the last beat. [ms]
    """
    width = rows.shape[1]
    x = np.empty(width)
    y = np.empty(width)
    slope = np.empty(width)
    long = even.shape[1]
    for w in range(rows.shape[0]):
        n = 0
        for k in range(width):
            if rows[w, k] == rows[w, k]:
                # From the first start on: a time of this century has no digits to spare.
                x[n] = starts[w, k] - starts[w, 0] + rows[w, k] / 1000.0
                y[n] = rows[w, k]
                n += 1
        even[w] = np.nan
        if n < 3:
            continue
        # Slopes after Fritsch and Butland (SIAM J. Sci. Stat. Comput. 5:300, 1984).
        h0 = x[1] - x[0]
        m0 = (y[1] - y[0]) / h0
        for k in range(1, n - 1):
            h1 = x[k + 1] - x[k]
            m1 = (y[k + 1] - y[k]) / h1
            if k == 1:
                slope[0] = _edge_slope(h0, h1, m0, m1)
            slope[k] = 0.0
            if m0 * m1 > 0.0:
                w0 = 2.0 * h1 + h0
                w1 = h1 + 2.0 * h0
                slope[k] = (w0 + w1) / (w0 / m0 + w1 / m1)
            if k == n - 2:
                slope[n - 1] = _edge_slope(h1, h0, m1, m0)
            h0 = h1
            m0 = m1
        i = 0
        for k in range(n - 1):
            h = x[k + 1] - x[k]
            crossed = h - y[k + 1] / 1000.0 <= widest_s[w]
            m = (y[k + 1] - y[k]) / h
            c2 = (3.0 * m - 2.0 * slope[k] - slope[k + 1]) / h
            c3 = (slope[k] + slope[k + 1] - 2.0 * m) / (h * h)
            while i < long:
                t = x[0] + i / hz - x[k]
                if t >= h:
                    break
                if crossed:
                    even[w, i] = y[k] + t * (slope[k] + t * (c2 + t * c3))
                i += 1


@njit(cache=True)
def _edge_slope(h0: float, h1: float, m0: float, m1: float) -> float:
    """Return the one-sided slope at an edge, kept from overshooting."""
    slope = ((2.0 * h0 + h1) * m0 - h0 * m1) / (h0 + h1)
    if slope * m0 <= 0.0:
        return 0.0
    if m0 * m1 <= 0.0 and abs(slope) > 3.0 * abs(m0):
        return 3.0 * m0
    return slope
