"""Take the beat-locked part out of chest impedance.

The heart moves blood through the electrodes' field: a ripple at each beat, which counts as breath
when the infant does not breathe. It is locked to the beats and breathing is not: the mean of the
impedance over the beats within +-`REACH_S`, as a function of where in the beat a sample lies, is
the heart's share. Its removal is a comb of notches at the heart's own rate, about 0.1 Hz wide.

The idea of working in beats instead of seconds is from H. Lee et al., Physiol. Meas. 33:1-17, 2012,
doi:10.1088/0967-3334/33/1/1; the recipe here is Joey's own. Sums are integer sums: chunks do not
matter.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["FINE", "REACH_S", "SETTLE_S", "remove_heart"]

REACH_S = 5.0  # s, beats this far to either side make the mean
SETTLE_S = 7.0  # s, a sample's result rests on beats and samples within this
BINS = 16  # parts of a beat
FINE = 16  # results are in 1/16 count: the mean is finer than a count
LEAST_BEATS = 8  # fewer beats around make no mean
RR_S = (0.2, 2.0)  # s, beats further apart are not one cycle
DRIFT_S = 1.0  # s, box whose mean is the slow part: breathing itself stays out of the mean


def remove_heart(
    counts: NDArray[np.int64],
    valid: NDArray[np.bool_],
    times: NDArray[np.float64],
    beats: NDArray[np.float64],
    fs: float,
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Return the samples without the heart's share, and where it could be taken out.

    Parameters
    ----------
    counts, valid, times : ndarray, shape (n,)
        Samples, whether each was measured, and when. [counts; s]
    beats : ndarray of float64, shape (m,)
        Beat times within `SETTLE_S` of the samples. [s]
    fs : float
        Sampling frequency. [Hz]

    Returns
    -------
    samples : ndarray of int64, shape (n,)
        In 1/16 count; where there are too few beats they are as they were.
    removed : ndarray of bool, shape (n,)
        Where the heart's share was taken out.
    """
    samples = counts * FINE
    removed = np.zeros(len(counts), dtype=np.bool_)
    if len(beats) < 2:
        return samples, removed
    rr = np.diff(beats)
    cycle = np.searchsorted(beats, times, side="right") - 1
    inside = (cycle >= 0) & (cycle < len(rr))
    whole = np.zeros(len(counts), dtype=np.bool_)
    good = (rr >= RR_S[0]) & (rr <= RR_S[1])
    whole[inside] = good[cycle[inside]]
    at = np.flatnonzero(whole)
    if len(at) == 0:
        return samples, removed
    part = (times[at] - beats[cycle[at]]) / rr[cycle[at]] * BINS
    fast = _without_drift(counts, valid, max(2 * int(DRIFT_S * fs / 2) + 1, 3))
    heart, enough = _mean_of_beats(fast[at], valid[at], cycle[at], part, beats)
    samples[at[enough]] -= heart[enough]
    removed[at] = enough
    return samples, removed


def _without_drift(
    counts: NDArray[np.int64], valid: NDArray[np.bool_], width: int
) -> NDArray[np.int64]:
    """Return FINE x (counts - mean over `width` measured samples)."""
    half = width // 2
    known = np.where(valid, counts, 0)
    sums = np.concatenate((np.zeros(1, dtype=np.int64), np.cumsum(known)))
    number = np.concatenate((np.zeros(1, dtype=np.int64), np.cumsum(valid.astype(np.int64))))
    at = np.arange(len(counts))
    upper, lower = np.minimum(at + half + 1, len(counts)), np.maximum(at - half, 0)
    mean = FINE * (sums[upper] - sums[lower]) // np.maximum(number[upper] - number[lower], 1)
    return np.where(valid, FINE * counts - mean, 0)


def _mean_of_beats(
    fast: NDArray[np.int64],
    valid: NDArray[np.bool_],
    cycle: NDArray[np.int64],
    part: NDArray[np.float64],
    beats: NDArray[np.float64],
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Return, for each sample, the mean at its place in the beat over the beats around."""
    place = np.minimum(part.astype(np.int64), BINS - 1)
    cell = cycle * BINS + place
    size = len(beats) * BINS
    # Integer-valued floats below 2**53 add exactly, in whatever order bincount takes them.
    weight = np.bincount(cell, weights=np.where(valid, fast, 0).astype(np.float64), minlength=size)
    number = np.bincount(cell, weights=valid.astype(np.float64), minlength=size)
    zero = np.zeros((1, BINS), dtype=np.int64)
    sums = np.concatenate((zero, np.cumsum(weight.reshape(-1, BINS).astype(np.int64), axis=0)))
    many = np.concatenate((zero, np.cumsum(number.reshape(-1, BINS).astype(np.int64), axis=0)))
    from_beat = np.searchsorted(beats, beats - REACH_S)
    to_beat = np.searchsorted(beats, beats + REACH_S, side="right")
    count = many[to_beat] - many[from_beat]
    mean = (sums[to_beat] - sums[from_beat]) // np.maximum(count, 1)
    # A mean over a whole beat is drift, not heart.
    mean = mean - (mean.sum(axis=1) // BINS)[:, None]
    enough = (to_beat - from_beat >= LEAST_BEATS) & (count.min(axis=1) > 0)
    # Between the middles of two bins the mean is a straight line: steps would be breaths.
    left = np.floor(part - 0.5).astype(np.int64)
    toward = part - 0.5 - left
    low, high = mean[cycle, left % BINS], mean[cycle, (left + 1) % BINS]
    heart = np.rint(low + toward * (high - low)).astype(np.int64)
    return heart, enough[cycle]
