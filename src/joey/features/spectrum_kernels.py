"""The spectrum of many windows of NN intervals, compiled by numba: see `joey.features.spectrum`.

Every kernel has its declared signature. Arrays come in C order and writable. A window is a row, as
in `joey.features.window_kernels`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from joey.compiled import kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["gather", "resample", "sum_bins", "taper"]


@kernel
def _edge_slope(h0: float, h1: float, m0: float, m1: float) -> float:
    """Return the one-sided slope at an edge, kept from overshooting."""
    slope = ((2.0 * h0 + h1) * m0 - h0 * m1) / (h0 + h1)
    if slope * m0 <= 0.0:
        return 0.0
    if m0 * m1 <= 0.0 and abs(slope) > 3.0 * abs(m0):
        return 3.0 * m0
    return slope


@kernel
def _slopes(
    x: NDArray[np.float64], y: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return distances, rises and the slopes at at least three points that never overshoot.

    After Fritsch and Butland (SIAM J. Sci. Stat. Comput. 5:300, 1984): zero where the rises on both
    sides differ in sign, else their weighted harmonic mean.
    """
    h = x[1:] - x[:-1]
    m = (y[1:] - y[:-1]) / h
    slope = np.zeros(len(x))
    for k in range(1, len(m)):
        both = m[k - 1] * m[k]
        w0 = 2.0 * h[k] + h[k - 1]
        w1 = h[k] + 2.0 * h[k - 1]
        if both > 0.0:
            slope[k] = (w0 + w1) * both / (w0 * m[k] + w1 * m[k - 1])
    last = len(m) - 1
    slope[0] = _edge_slope(h[0], h[1], m[0], m[1])
    slope[last + 1] = _edge_slope(h[last], h[last - 1], m[last], m[last - 1])
    return h, m, slope


@kernel("void(f8[:,::1], f8[:,::1], f8, f8[::1], f8[:,::1])")
def resample(
    starts: NDArray[np.float64],
    rows: NDArray[np.float64],
    step_s: float,
    widest_s: NDArray[np.float64],
    even: NDArray[np.float64],
) -> None:
    """Draw a monotone cubic through the intervals of each row and read it at even times.

    Parameters
    ----------
    starts, rows : ndarray of float64, shape (w, wide)
        Start of each interval [s] and the intervals [ms], NaN at breaks and behind the end.
    step_s : float
        Between two readings, the first at the end of the first interval. [s]
    widest_s : ndarray of float64, shape (w,)
        Time without an accepted interval that the curve may cross. [s]
    even : ndarray of float64, shape (w, long)
        To be filled; NaN where more is missing and behind the last beat. [ms]
    """
    x = np.empty(rows.shape[1])
    y = np.empty(rows.shape[1])
    for w in range(rows.shape[0]):
        n = 0
        for k in range(rows.shape[1]):
            if not np.isnan(rows[w, k]):
                # From the first start on: a time of this century has no digits to spare.
                x[n] = starts[w, k] - starts[w, 0] + rows[w, k] / 1000.0
                y[n] = rows[w, k]
                n += 1
        even[w] = np.nan
        if n < 3:
            continue
        h, m, slope = _slopes(x[:n], y[:n])
        i = 0
        for k in range(n - 1):
            crossed = h[k] - y[k + 1] / 1000.0 <= widest_s[w]
            c2 = (3.0 * m[k] - 2.0 * slope[k] - slope[k + 1]) / h[k]
            c3 = (slope[k] + slope[k + 1] - 2.0 * m[k]) / (h[k] * h[k])
            t = x[0] + i * step_s - x[k]
            while t < h[k] and i < even.shape[1]:
                if crossed:
                    even[w, i] = y[k] + t * (slope[k] + t * (c2 + t * c3))
                i += 1
                t = x[0] + i * step_s - x[k]


@kernel("i8(f8[:,::1], i8, f8[::1], f8[:,::1], i8[::1])")
def taper(
    even: NDArray[np.float64],
    hop: int,
    window: NDArray[np.float64],
    segments: NDArray[np.float64],
    owners: NDArray[np.int64],
) -> int:
    """Cut rows into segments, free each of its straight line and weight it; return how many.

    Parameters
    ----------
    even : ndarray of float64, shape (w, long)
        Values at even times, NaN where unknown.
    hop : int
        From the start of a segment to that of the next.
    window : ndarray of float64, shape (size,)
        The weights.
    segments : ndarray of float64, shape (k, size)
        To be filled with those that are known throughout.
    owners : ndarray of int64, shape (k,)
        To be filled: the row of each.
    """
    size = len(window)
    t = np.arange(size) - (size - 1) / 2.0
    norm = np.sum(t * t)
    count = 0
    for w in range(even.shape[0]):
        for first in range(0, even.shape[1] - size + 1, hop):
            part = even[w, first : first + size]
            total = 0.0
            tilt = 0.0
            for i in range(size):
                total += part[i]
                tilt += part[i] * t[i]
            if np.isnan(total):
                continue
            mean = total / size
            for i in range(size):
                segments[count, i] = (part[i] - mean - tilt / norm * t[i]) * window[i]
            owners[count] = w
            count += 1
    return count


@kernel("void(c16[:,::1], i8[::1], f8[:,::1])")
def gather(
    lines: NDArray[np.complex128], owners: NDArray[np.int64], density: NDArray[np.float64]
) -> None:
    """Add the squared size of each segment's spectral lines to its row, shape (w, bins)."""
    for k in range(len(owners)):
        row = density[owners[k]]
        for i in range(len(row)):
            row[i] += lines[k, i].real * lines[k, i].real + lines[k, i].imag * lines[k, i].imag


@kernel
def _add_segment(
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    lasts: NDArray[np.float64],
    begin: float,
    length: float,
    first: int,
    bins: int,
) -> float:
    """Return the sum of one segment's densities over bins from `first` on, over its length."""
    mass = np.sum(lasts)
    middle, level = np.sum(lasts * x) / mass, np.sum(lasts * y) / mass
    tilt = norm = 0.0  # of the straight line, weighted by time, as that of even values is
    for k in range(len(x)):
        tilt += lasts[k] * (x[k] - middle) * (y[k] - level)
        norm += lasts[k] * (x[k] - middle) * (x[k] - middle)
    slope = tilt / norm
    real, imag = np.zeros(bins), np.zeros(bins)
    squares = 0.0
    for k in range(len(x)):
        turn = 2.0 * np.pi * (x[k] - begin) / length
        weight = 0.5 - 0.5 * np.cos(turn)
        squares += weight * weight * lasts[k]
        value = weight * lasts[k] * (y[k] - level - slope * (x[k] - middle))
        c, s = np.cos(turn), np.sin(turn)
        a, b = value * np.cos(turn * first), value * np.sin(turn * first)
        for j in range(bins):
            real[j] += a
            imag[j] += b
            a, b = a * c - b * s, a * s + b * c
    total = 0.0
    for j in range(bins):
        total += real[j] * real[j] + imag[j] * imag[j]
    return 2.0 * total / squares / length


@kernel("void(f8[:,::1], f8[:,::1], f8[:,::1], f8, i8, i8, i8[:,::1], f8[::1])")
def sum_bins(
    starts: NDArray[np.float64],
    rows: NDArray[np.float64],
    even: NDArray[np.float64],
    step_s: float,
    size: int,
    hop: int,
    bins: NDArray[np.int64],
    power: NDArray[np.float64],
) -> None:
    """Add up the power of some bins of each row from its beats, where they are: no curve is drawn.

    Each interval stands for half the time to its neighbors on both sides, so that the sum over
    beats is the integral over time, and a sine keeps its power up to half the heart rate.

    Parameters
    ----------
    starts, rows
        As of `resample`.
    even : ndarray of float64, shape (w, long)
        From `resample`: a segment is used where it is known throughout.
    step_s : float
        Of `even`. [s]
    size, hop : int
        Length of a segment, and from the start of one to that of the next, in steps.
    bins : ndarray of int64, shape (w, 2)
        Half-open range of bins, which are one over a segment's length apart.
    power : ndarray of float64, shape (w,)
        To be filled: mean over segments of the sum of densities over bins, over the length. [ms²]
    """
    length = size * step_s
    x = np.empty(rows.shape[1])
    y = np.empty(rows.shape[1])
    for w in range(rows.shape[0]):
        power[w] = 0.0
        first_bin, stop_bin = bins[w, 0], bins[w, 1]
        if stop_bin <= first_bin:
            continue
        n = 0
        for k in range(rows.shape[1]):
            if not np.isnan(rows[w, k]):
                x[n] = starts[w, k] - starts[w, 0] + rows[w, k] / 1000.0
                y[n] = rows[w, k]
                n += 1
        # The first and the last interval have one neighbor only, and no time of their own.
        lasts = np.zeros(n)
        for k in range(1, n - 1):
            lasts[k] = 0.5 * (x[k + 1] - x[k - 1])
        segments = 0
        for first in range(0, even.shape[1] - size + 1, hop):
            if np.isnan(np.sum(even[w, first : first + size])):
                continue
            begin = x[0] + first * step_s
            lo, hi = np.searchsorted(x[:n], begin), np.searchsorted(x[:n], begin + length)
            power[w] += _add_segment(
                x[lo:hi], y[lo:hi], lasts[lo:hi], begin, length, first_bin, stop_bin - first_bin
            )
            segments += 1
        if segments > 0:
            power[w] /= segments
