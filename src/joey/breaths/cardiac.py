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

__all__ = ["BINS", "FINE", "REACH_S", "SETTLE_S", "remove_heart"]

REACH_S = 5.0  # s, beats this far to either side make the mean
SETTLE_S = 8.8  # s, a sample's result rests on beats and samples within this: the longest beat,
# `REACH_S`, `AROUND_S` and half of `DRIFT_S`
BINS = 16  # parts of a beat
FINE = 16  # results are in 1/16 count: the mean is finer than a count
LEAST_BEATS = 8  # fewer beats around make no mean
RR_S = (0.2, 2.0)  # s, beats further apart are not one cycle
AROUND = 2  # beats to either side whose movement counts against one, if they are as near as
AROUND_S = 1.2  # s: slow beats are no further apart than what is known
MOST_POWER = 38  # two to this is the power of 30,000 counts: louder beats count alike
DRIFT_S = 1.0  # s, box whose mean is the slow part: breathing itself stays out of the mean


def remove_heart(
    counts: NDArray[np.int64],
    valid: NDArray[np.bool_],
    times: NDArray[np.float64],
    beats: NDArray[np.float64],
    fs: float,
) -> tuple[
    NDArray[np.int64], NDArray[np.bool_], NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]
]:
    """Return the samples without the heart's share, where it was taken out, and what it was.

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
    height : ndarray of int64, shape (n,)
        From its lowest to its highest within a beat, in 1/16 count; 0 where it was not taken out.
    cycle : ndarray of int64, shape (n,)
        In which beat a sample lies; -1 where in none.
    mean : ndarray of int64, shape (m, BINS)
        The heart's share of each beat, by the place in it. [1/16 count]
    """
    from joey.breaths import beatwise, slowing  # noqa: PLC0415  loads Numba

    if len(beats) < 2:
        nothing = np.zeros(len(counts), dtype=np.int64)
        none = np.zeros((1, BINS), dtype=np.int64)
        return counts * FINE, nothing.astype(np.bool_), nothing, nothing - 1, none
    width = max(2 * int(DRIFT_S * fs / 2) + 1, 3)
    cycle, part = beatwise.place(times, beats, RR_S[0], RR_S[1], BINS)
    fast = beatwise.without_drift(counts, valid, width // 2, FINE)
    sums, number, power = beatwise.gather(fast, valid, cycle, part, len(beats), BINS)
    quiet = _quietness(power, number.sum(axis=1), beats)
    mean, enough = beatwise.means(sums, number, quiet, beats, REACH_S, LEAST_BEATS)
    wanted = enough & slowing.changes(beats, REACH_S, RR_S[0], RR_S[1])
    if wanted.any():
        timed, many = slowing.gather_timed(fast, valid, times, cycle, beats)
        slowing.learn_anew(mean, wanted, sums, number, timed, many, quiet, beats, REACH_S)
    samples, removed, height = beatwise.subtract(counts, cycle, part, mean, enough, FINE)
    return samples, removed, height, cycle, mean


def _quietness(
    power: NDArray[np.float64], number: NDArray[np.int64], beats: NDArray[np.float64]
) -> NDArray[np.int64]:
    """Return how much each beat counts: as the power around it is low, a power of two.

    In a pause its own beats then make the mean, and not the breaths before and after it.
    """
    _, exponent = np.frexp(np.maximum(power / np.maximum(number, 1), 1.0))
    exponent = np.where(number > 0, exponent, 0)
    loudest = exponent.copy()
    for apart in range(1, min(AROUND, len(beats) - 1) + 1):
        near = beats[apart:] - beats[:-apart] <= AROUND_S
        before, after = exponent[:-apart], exponent[apart:]
        loudest[apart:] = np.maximum(loudest[apart:], np.where(near, before, 0))
        loudest[:-apart] = np.maximum(loudest[:-apart], np.where(near, after, 0))
    weight: NDArray[np.int64] = 1 << np.maximum(MOST_POWER - loudest, 0).astype(np.int64)
    return weight
