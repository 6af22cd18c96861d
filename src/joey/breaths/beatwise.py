"""Loops over the samples of a chest, beat by beat and block by block: one pass, integer sums."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from joey.compiled import kernel

__all__ = ["gather", "means", "place", "subtract", "summarize", "without_drift"]


@kernel
def place(
    times: NDArray[np.float64],
    beats: NDArray[np.float64],
    shortest: float,
    longest: float,
    bins: int,
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return in which beat each sample lies, -1 for none, and where in it, from 0 to `bins`."""
    cycle = np.full(len(times), -1, dtype=np.int64)
    part = np.zeros(len(times))
    k = 0
    for i in range(len(times)):
        while k + 1 < len(beats) and beats[k + 1] <= times[i]:
            k += 1
        if times[i] < beats[0] or k + 1 >= len(beats):
            continue
        rr = beats[k + 1] - beats[k]
        if shortest <= rr <= longest:
            cycle[i] = k
            part[i] = (times[i] - beats[k]) / rr * bins
    return cycle, part


@kernel
def without_drift(
    counts: NDArray[np.int64], valid: NDArray[np.bool_], half: int, fine: int
) -> NDArray[np.int64]:
    """Return `fine` x (counts - mean of the measured samples within `half`); 0 if not measured."""
    n = len(counts)
    out = np.zeros(n, dtype=np.int64)
    total = number = 0
    for i in range(min(half, n)):
        if valid[i]:
            total += counts[i]
            number += 1
    for i in range(n):
        if i + half < n and valid[i + half]:
            total += counts[i + half]
            number += 1
        if i > half and valid[i - half - 1]:
            total -= counts[i - half - 1]
            number -= 1
        if valid[i]:
            out[i] = fine * counts[i] - fine * total // number
    return out


@kernel
def gather(
    fast: NDArray[np.int64],
    valid: NDArray[np.bool_],
    cycle: NDArray[np.int64],
    part: NDArray[np.float64],
    beats: int,
    bins: int,
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Return sum and number of each beat's samples by their place, and the sum of squares."""
    sums = np.zeros((beats, bins), dtype=np.int64)
    number = np.zeros((beats, bins), dtype=np.int64)
    power = np.zeros(beats)
    for i in range(len(fast)):
        if cycle[i] >= 0 and valid[i]:
            at = min(int(part[i]), bins - 1)
            sums[cycle[i], at] += fast[i]
            number[cycle[i], at] += 1
            power[cycle[i]] += float(fast[i]) * float(fast[i])  # whole numbers: exact
    return sums, number, power


@kernel
def means(
    sums: NDArray[np.int64],
    number: NDArray[np.int64],
    quiet: NDArray[np.int64],
    beats: NDArray[np.float64],
    reach: float,
    least: int,
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Return, for each beat, the mean of the beats within `reach`, and whether they were enough.

    Parameters
    ----------
    sums, number : ndarray of int64, shape (m, bins)
        Of each beat's samples by their place in it.
    quiet : ndarray of int64, shape (m,)
        How much each beat counts.
    beats : ndarray of float64, shape (m,)
        When the beats are. [s]
    reach : float
        How far the beats around are. [s]
    least : int
        So few beats are enough, if each place was heard.
    """
    n, bins = sums.shape
    mean = np.zeros((n, bins), dtype=np.int64)
    enough = np.zeros(n, dtype=np.bool_)
    total, many = np.zeros(bins, dtype=np.int64), np.zeros(bins, dtype=np.int64)
    lo = hi = 0
    for k in range(n):
        while hi < n and beats[hi] <= beats[k] + reach:
            for b in range(bins):  # whole numbers: what is added is taken away exactly
                total[b] += quiet[hi] * sums[hi, b]
                many[b] += quiet[hi] * number[hi, b]
            hi += 1
        while beats[lo] < beats[k] - reach:
            for b in range(bins):
                total[b] -= quiet[lo] * sums[lo, b]
                many[b] -= quiet[lo] * number[lo, b]
            lo += 1
        heard, drift = True, 0
        for b in range(bins):
            heard = heard and many[b] > 0
            mean[k, b] = total[b] // max(many[b], 1)
            drift += mean[k, b]
        drift //= bins  # a mean over a whole beat is drift, not heart
        for b in range(bins):
            mean[k, b] -= drift
        enough[k] = hi - lo >= least and heard
    return mean, enough


@kernel
def subtract(
    counts: NDArray[np.int64],
    cycle: NDArray[np.int64],
    part: NDArray[np.float64],
    mean: NDArray[np.int64],
    enough: NDArray[np.bool_],
    fine: int,
) -> tuple[NDArray[np.int64], NDArray[np.bool_], NDArray[np.int64]]:
    """Return `fine` x counts less the mean at their place, where there is one, and its height."""
    n, bins = len(counts), mean.shape[1]
    samples = np.empty(n, dtype=np.int64)
    removed = np.zeros(n, dtype=np.bool_)
    height = np.zeros(n, dtype=np.int64)
    known, size = -1, 0
    for i in range(n):
        samples[i] = counts[i] * fine
        k = cycle[i]
        if k < 0 or not enough[k]:
            continue
        if k != known:
            known = k
            low = high = mean[k, 0]
            for j in range(1, bins):
                low, high = min(low, mean[k, j]), max(high, mean[k, j])
            size = high - low
        # Between the middles of two bins the mean is a straight line: steps would be breaths.
        left = int(np.floor(part[i] - 0.5))
        toward = part[i] - 0.5 - left
        a, b = mean[k, left % bins], mean[k, (left + 1) % bins]
        samples[i] -= int(np.rint(a + toward * (b - a)))
        removed[i] = True
        height[i] = size
    return samples, removed, height


@kernel
def summarize(  # noqa: PLR0913, PLR0917  (a compiled function has no keywords)
    band: NDArray[np.int64],
    whole: NDArray[np.bool_],
    samples: NDArray[np.int64],
    heart: NDArray[np.int64],
    smooth: NDArray[np.int64],
    first: int,
    lag: int,
    block: int,
    out: NDArray[np.float64],
) -> None:
    """Write six numbers of each block of samples.

    Parameters
    ----------
    band, whole, samples, heart, smooth : ndarray, shape (n,)
        Band-passed impedance, where it can be judged, impedance, the height of the heart's share,
        and impedance smoothed once.
    first, lag, block : int
        Index of the first block's first sample, lag of differences, samples in a block.
    out : ndarray of float64, shape (6, blocks)
        Highest and lowest of the band (NaN where it cannot be judged), mean square of the plain
        second differences, largest height of the heart, mean squares of second and fourth
        differences over `lag`.
    """
    n = len(smooth)
    for b in range(out.shape[1]):
        start = first + b * block
        high = low = band[start]
        judged = True
        rough = two = four = 0.0
        height = 0
        for i in range(start, start + block):
            judged = judged and whole[i]
            high, low = max(high, band[i]), min(low, band[i])
            height = max(height, heart[i])
            if i < start + block - 2:
                d = float(samples[i] - 2 * samples[i + 1] + samples[i + 2])
                rough += d * d
            if i >= 2 * lag and i + 2 * lag < n:
                near = float(smooth[i - lag] + smooth[i + lag])
                far = float(smooth[i - 2 * lag] + smooth[i + 2 * lag])
                middle = float(smooth[i])
                d = near - 2 * middle
                two += d * d
                d = far - 4 * near + 6 * middle
                four += d * d
        out[0, b] = high if judged else np.nan
        out[1, b] = low if judged else np.nan
        out[2, b] = rough / max(block - 2, 1)
        out[3, b] = height
        out[4, b], out[5, b] = two / block, four / block
