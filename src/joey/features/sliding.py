"""Cross-correlations of sliding windows, each product formed once: one compiled loop.

All sums are of whole numbers below 2**53, and so exact in any order: a window gives the same answer
wherever the series begins, and what does not move has a variance of zero, not of rounding.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from joey.compiled import kernel

__all__ = ["LAGS", "PAD", "slide", "whole"]

LAGS = 15  # steps to either side
SPAN = 2 * LAGS + 1
# Sums are formed of whole vectors of the processor; what lies beyond SPAN and LAGS is not used.
WIDE, EDGE = 32, 16
PAD = LAGS + WIDE - SPAN  # zeros behind a series
ROUNDER = 1.5 * 2.0**52  # added and taken away, leaves a whole number, in one step for many at once
UNSAYABLE = -2.0  # lies below every correlation
ROWS = 5  # samples of x taken at once: sums are fetched and stored once for all


@kernel
def whole(
    values: NDArray[np.float64],
    middle: float,
    per_unit: float,
    farthest: float,
    ticks: NDArray[np.float64],
    known: NDArray[np.float64],
) -> bool:
    """Write values as whole ticks from a middle value; return whether all lie near enough.

    Parameters
    ----------
    values : ndarray of float64, shape (n,)
        NaN for missing.
    middle, farthest : float
        Tick 0, and how far from it a value may lie. [unit]
    per_unit : float
        Ticks in a unit.
    ticks, known : ndarray of float64, shape (n + LAGS + PAD,)
        Zeros, in which after `LAGS` the ticks are written, and 1 where a value is known.
    """
    most = 0.0
    into, there = ticks[LAGS : LAGS + len(values)], known[LAGS : LAGS + len(values)]
    for i in range(len(values)):
        off = values[i] - middle
        is_known = abs(off) < np.inf
        off = off if is_known else 0.0
        into[i] = (off * per_unit + ROUNDER) - ROUNDER
        there[i] = 1.0 if is_known else 0.0
    for i in range(len(values)):
        most = max(most, abs(into[i]))
    return most <= farthest * per_unit


@kernel(inline="always")
def _add(
    x: NDArray[np.float64],
    first: int,
    stop: int,
    y: NDArray[np.float64],
    base: int,
    width: int,
    sums: NDArray[np.float64],
) -> None:
    """Add x[t] * y[base + t - first + k] to sum k < `width`, for t from `first` to `stop`."""
    t = first
    while t + ROWS <= stop:
        a, b, c, d, e = x[t], x[t + 1], x[t + 2], x[t + 3], x[t + 4]
        row = y[base + t - first : base + t - first + width + ROWS - 1]
        for k in range(width):
            sums[k] += (
                a * row[k] + b * row[k + 1] + c * row[k + 2] + d * row[k + 3] + e * row[k + 4]
            )
        t += ROWS
    while t < stop:
        row = y[base + t - first : base + t - first + width]
        for k in range(width):
            sums[k] += x[t] * row[k]
        t += 1


@kernel
def _take_edges(
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    first: int,
    stop: int,
    outside: NDArray[np.float64],
    edges: NDArray[np.float64],
    sums: NDArray[np.float64],
) -> None:
    """Take away the products of which y lies before the window, and after it.

    `outside` (the second and third quarter stay zero) and `edges` are room to work in.
    """
    for k in range(LAGS):
        outside[k] = y[first - LAGS + k]
        outside[3 * LAGS + k] = y[stop + k]
    edges[:] = 0.0
    # From its edge inward y is zero here, so that what lies in the window adds nothing.
    _add(x, first, first + LAGS, outside, 0, EDGE, edges)
    for k in range(LAGS):
        sums[k] -= edges[k]
    edges[:] = 0.0
    _add(x, stop - LAGS, stop, outside, 2 * LAGS + 1, EDGE, edges)
    for k in range(LAGS):
        sums[LAGS + 1 + k] -= edges[k]


@kernel
def _add_moments(
    x: NDArray[np.float64],
    known: NDArray[np.float64],
    first: int,
    stop: int,
    out: NDArray[np.float64],
    at: int,
) -> None:
    """Write count, sum and sum of squares of a block from `at` on."""
    n = 0.0
    total = 0.0
    square = 0.0
    for t in range(first, stop):
        n += known[t]
        total += x[t]
        square += x[t] * x[t]
    out[at] = n
    out[at + 1] = total
    out[at + 2] = square


@kernel
def _spread(  # noqa: PLR0913, PLR0917  (a compiled function has no keywords)
    x: NDArray[np.float64],
    known: NDArray[np.float64],
    first: int,
    stop: int,
    mirrored: int,
    n0: float,
    total0: float,
    square0: float,
    out: NDArray[np.float64],
) -> None:
    """Fill in, for each lag, count, sum and sum of squares of one factor's range.

    At lag k > 0 the range of x ends k before the window, that of y begins k after its begin; at
    k < 0 the other way round. `mirrored` is -1 for y. The totals are those of the whole window.
    """
    n1, total1, square1 = n0, total0, square0
    out[0, LAGS], out[1, LAGS], out[2, LAGS] = n0, total0, square0
    for k in range(1, LAGS + 1):
        late = x[stop - k]
        n0 -= known[stop - k]
        total0 -= late
        square0 -= late * late
        at = LAGS + mirrored * k
        out[0, at], out[1, at], out[2, at] = n0, total0, square0
        early = x[first + k - 1]
        n1 -= known[first + k - 1]
        total1 -= early
        square1 -= early * early
        at = LAGS - mirrored * k
        out[0, at], out[1, at], out[2, at] = n1, total1, square1


@kernel
def _take_missing(
    x: NDArray[np.float64],
    known_x: NDArray[np.float64],
    known_y: NDArray[np.float64],
    first: int,
    stop: int,
    mirrored: int,
    out: NDArray[np.float64],
) -> None:
    """Take from the sums of x what has no partner in y; for `mirrored` -1 the names are swapped."""
    for u in range(first, stop):
        if known_y[u] != 0:
            continue
        for lag in range(max(-LAGS, u - stop + 1), min(LAGS, u - first) + 1):
            t = u - lag
            at = LAGS + mirrored * lag
            out[0, at] -= known_x[t]
            out[1, at] -= x[t]
            out[2, at] -= x[t] * x[t]


@kernel
def _correlate(
    sums: NDArray[np.float64],
    of_x: NDArray[np.float64],
    of_y: NDArray[np.float64],
    mean_x: float,
    mean_y: float,
    least: NDArray[np.float64],
    values: NDArray[np.float64],
) -> None:
    """Write the normalized cross-correlation at each lag; below -1 where it cannot be said."""
    n = of_x[0]
    x, xx, y, yy = of_x[1], of_x[2], of_y[1], of_y[2]
    for k in range(SPAN):
        power_x = xx[k] - 2.0 * mean_x * x[k] + mean_x * mean_x * n[k]
        power_y = yy[k] - 2.0 * mean_y * y[k] + mean_y * mean_y * n[k]
        power = max(power_x, 0.0) * max(power_y, 0.0)
        both = sums[k] - mean_x * y[k] - mean_y * x[k] + mean_x * mean_y * n[k]
        sayable = n[k] >= least[k] and power > 0.0
        values[k] = both / np.sqrt(power if sayable else 1.0) if sayable else UNSAYABLE


@kernel
def slide(  # noqa: C901, PLR0913, PLR0917  (a compiled function has no keywords)
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    known_x: NDArray[np.float64],
    known_y: NDArray[np.float64],
    length: int,
    step: int,
    least: NDArray[np.float64],
    best: NDArray[np.float64],
    lags: NDArray[np.int64],
    pairs: NDArray[np.int64],
) -> None:
    """Write the largest normalized cross-correlation of each window, its lag, and its pairs.

    Parameters
    ----------
    x, y : ndarray of float64
        The series in whole ticks, zero where missing, with `LAGS` zeros before and `PAD` after.
    known_x, known_y : ndarray of float64
        1 where they are measured, else 0; 0 in the padding.
    length, step : int
        Of windows, in samples; the step divides the length.
    least : ndarray of float64, shape (2 * LAGS + 1,)
        Smallest number of pairs at each lag.
    best : ndarray of float64, shape (windows,)
        NaN where it cannot be said.
    lags, pairs : ndarray of int64, shape (windows,)
        Lag in samples, positive where y follows; pairs at lag zero.
    """
    parts = length // step
    # Of each block of a step: products at each lag; then count, sum and square of x, and of y.
    ring = np.zeros((parts, WIDE + 6))
    whole_window, sums, values = np.zeros(WIDE + 6), np.empty(SPAN), np.empty(SPAN)
    of_x, of_y = np.empty((3, SPAN)), np.empty((3, SPAN))
    outside, edges = np.zeros(4 * LAGS + 8), np.empty(EDGE)
    for block in range(parts - 1 + len(best)):
        slot = ring[block % parts]
        for k in range(WIDE + 6):
            whole_window[k] -= slot[k]
            slot[k] = 0.0
        begin = LAGS + block * step
        _add(x, begin, begin + step, y, begin - LAGS, WIDE, slot)
        _add_moments(x, known_x, begin, begin + step, slot, WIDE)
        _add_moments(y, known_y, begin, begin + step, slot, WIDE + 3)
        for k in range(WIDE + 6):
            whole_window[k] += slot[k]
        window = block + 1 - parts
        if window < 0:
            continue
        first = LAGS + window * step
        stop = first + length
        nx, all_x, square_x = whole_window[WIDE], whole_window[WIDE + 1], whole_window[WIDE + 2]
        ny, all_y, square_y = whole_window[WIDE + 3], whole_window[WIDE + 4], whole_window[WIDE + 5]
        _spread(x, known_x, first, stop, 1, nx, all_x, square_x, of_x)
        _spread(y, known_y, first, stop, -1, ny, all_y, square_y, of_y)
        if nx < length or ny < length:
            _take_missing(x, known_x, known_y, first, stop, 1, of_x)
            _take_missing(y, known_y, known_x, first, stop, -1, of_y)
        pairs[window] = int(of_x[0, LAGS])
        best[window] = np.nan
        lags[window] = 0
        moves = nx * square_x > all_x * all_x and ny * square_y > all_y * all_y
        if of_x[0, LAGS] < least[LAGS] or not moves:
            continue
        for k in range(SPAN):
            sums[k] = whole_window[k]
        _take_edges(x, y, first, stop, outside, edges, sums)
        _correlate(sums, of_x, of_y, all_x / nx, all_y / ny, least, values)
        highest = UNSAYABLE
        for k in range(SPAN):
            highest = max(highest, values[k])
        if highest == UNSAYABLE:
            continue
        # 0, -1, 1, -2 ...: of equal values the smaller lag
        lag = 0
        while values[LAGS + lag] != highest:
            lag = -lag if lag < 0 else -lag - 1
        best[window] = highest
        lags[window] = lag
