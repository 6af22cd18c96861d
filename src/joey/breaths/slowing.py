"""The heart's share in a heart that changes its pace: loops over beats.

In a bradycardia the beats around one are of other lengths. A ripple that lasts as long as its beat
has one shape by its place in the beat; a pulse that takes its time, however long the heart waits
after it, has one shape in seconds. Neither is known beforehand: each is learned from the beats
around, most from those of the same length, and what foretells the other beats best is taken.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from joey.compiled import kernel

__all__ = ["BIN_S", "TIMED", "changes", "gather_timed", "learn_anew"]

BIN_S, TIMED = 0.05, 40  # s, of a part of a beat that is told by its seconds, and their number
FIRST = 6  # parts every beat has: the level of a pulse is that of its first 0.3 s
CHANGED = 1.25  # the longest beat around over the shortest: a heart that changes its pace
# Difference of logarithms of length at which a beat counts for half. Nearer ones count alike: where
# breathing paces the heart, those of the same length are of the same part of a breath.
NEAR = 0.25
BETTER = 0.8  # of the squares that are left: less, and another shape is taken
MOST_OWN = 0.9  # of a mean that is one beat's own: what is left without it is not known better


@kernel
def changes(
    beats: NDArray[np.float64], reach: float, shortest: float, longest: float
) -> NDArray[np.bool_]:
    """Return around which beats the heart changes its pace.

    A beat whose own interval is none, as one that is told twice has, is never among them.
    """
    n = len(beats)
    out = np.zeros(n, dtype=np.bool_)
    lo = hi = 0
    for k in range(n - 1):
        while beats[lo] < beats[k] - reach:
            lo += 1
        while hi < n and beats[hi] <= beats[k] + reach:
            hi += 1
        least, most = np.inf, 0.0
        for j in range(lo, min(hi, n - 1)):
            rr = beats[j + 1] - beats[j]
            if shortest <= rr <= longest:
                least, most = min(least, rr), max(most, rr)
        out[k] = most > CHANGED * least and shortest <= beats[k + 1] - beats[k] <= longest
    return out


@kernel
def gather_timed(
    fast: NDArray[np.int64],
    valid: NDArray[np.bool_],
    times: NDArray[np.float64],
    cycle: NDArray[np.int64],
    beats: NDArray[np.float64],
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return sum and number of each beat's samples by the time since it."""
    sums = np.zeros((len(beats), TIMED), dtype=np.int64)
    number = np.zeros((len(beats), TIMED), dtype=np.int64)
    for i in range(len(fast)):
        k = cycle[i]
        if k >= 0 and valid[i]:
            at = min(int((times[i] - beats[k]) / BIN_S), TIMED - 1)
            sums[k, at] += fast[i]
            number[k, at] += 1
    return sums, number


@kernel
def learn_anew(  # noqa: PLR0913, PLR0917  (a compiled function has no keywords)
    mean: NDArray[np.int64],
    wanted: NDArray[np.bool_],
    sums: NDArray[np.int64],
    number: NDArray[np.int64],
    timed: NDArray[np.int64],
    timed_number: NDArray[np.int64],
    quiet: NDArray[np.int64],
    beats: NDArray[np.float64],
    reach: float,
) -> None:
    """Write another shape of the heart's share where it foretells the beats around better.

    Parameters
    ----------
    mean : ndarray of int64, shape (m, bins)
        The heart's share of each beat, by the place in it; changed in place.
    wanted : ndarray of bool, shape (m,)
        Which beats are asked for.
    sums, number : ndarray of int64, shape (m, bins)
        Of each beat's samples by their place in it.
    timed, timed_number : ndarray of int64, shape (m, TIMED)
        The same by the time since the beat.
    quiet : ndarray of int64, shape (m,)
        How much each beat counts.
    beats : ndarray of float64, shape (m,)
        When the beats are. [s]
    reach : float
        How far the beats around are. [s]
    """
    n, bins = mean.shape
    none, plain, near = np.zeros(n), np.zeros(n), np.zeros(n)  # of these only `lo` to `hi` is read
    level = np.zeros(n)
    for k in range(n):
        many = timed_number[k, :FIRST].sum()
        if many > 0:
            level[k] = timed[k, :FIRST].sum() / many
    for k in range(n - 1):
        if not wanted[k]:
            continue
        rr = beats[k + 1] - beats[k]
        lo = int(np.searchsorted(beats, beats[k] - reach))
        hi = min(int(np.searchsorted(beats, beats[k] + reach, side="right")), n - 1)
        for j in range(lo, hi):
            plain[j] = float(quiet[j])
            near[j] = plain[j] * _nearness((beats[j + 1] - beats[j]) / rr)
        usual = mean[k].astype(np.float64)
        left = _left(usual, plain, near, sums, number, none, lo, hi)
        alike = _shape(near, sums, number, none, lo, hi)
        alike -= alike.mean()
        other = _left(alike, near, near, sums, number, none, lo, hi)
        if other < BETTER * left:
            left = other
            for b in range(bins):
                mean[k, b] = int(np.rint(alike[b]))
        pulse = _shape(near, timed, timed_number, level, lo, hi)
        if _left(pulse, near, near, timed, timed_number, level, lo, hi) < BETTER * left:
            # Its mean over all that is around is drift: that over a beat follows the pace.
            drift = _over(pulse, timed_number, beats, lo, hi)
            for b in range(bins):
                mean[k, b] = int(np.rint(_at(pulse, (b + 0.5) / bins * rr) - drift))


@kernel
def _nearness(ratio: float) -> float:
    """Return how much a beat of another length counts, of one."""
    if ratio <= 0:  # a beat that was told twice
        return 0.0
    # The logarithm's square, nearly, and the same to the last digit on any machine.
    apart = (ratio + 1.0 / ratio - 2.0) / (NEAR * NEAR)
    return 1.0 / (1.0 + apart * apart * apart)


@kernel
def _shape(
    weight: NDArray[np.float64],
    sums: NDArray[np.int64],
    number: NDArray[np.int64],
    level: NDArray[np.float64],
    lo: int,
    hi: int,
) -> NDArray[np.float64]:
    """Return the mean of beats `lo` to `hi` above their level; a part without any is as before."""
    out = np.zeros(sums.shape[1])
    for b in range(len(out)):
        total = many = 0.0
        for j in range(lo, hi):
            total += weight[j] * (sums[j, b] - number[j, b] * level[j])
            many += weight[j] * number[j, b]
        if many > 0:
            out[b] = total / many
        elif b > 0:
            out[b] = out[b - 1]
    return out


@kernel
def _left(
    shape: NDArray[np.float64],
    made: NDArray[np.float64],
    weight: NDArray[np.float64],
    sums: NDArray[np.int64],
    number: NDArray[np.int64],
    level: NDArray[np.float64],
    lo: int,
    hi: int,
) -> float:
    """Return the mean square a shape leaves of beats `lo` to `hi`, each foretold by the others.

    `made` is what each of them counted in the shape, `weight` what it counts now.
    """
    bins = len(shape)
    whole = np.zeros(bins)
    for j in range(lo, hi):
        for b in range(bins):
            whole[b] += made[j] * number[j, b]
    total = many = 0.0
    rest = np.zeros(bins)
    for j in range(lo, hi):
        mean = of = 0.0
        for b in range(bins):
            if number[j, b] > 0:
                own = min(made[j] * number[j, b] / whole[b], MOST_OWN)
                rest[b] = (sums[j, b] / number[j, b] - level[j] - shape[b]) / (1.0 - own)
                mean += number[j, b] * rest[b]
                of += number[j, b]
        if of == 0:
            continue
        mean /= of
        for b in range(bins):
            if number[j, b] > 0:
                total += weight[j] * number[j, b] * (rest[b] - mean) ** 2
        many += weight[j] * of
    return total / max(many, 1e-300)


@kernel
def _over(
    pulse: NDArray[np.float64],
    number: NDArray[np.int64],
    beats: NDArray[np.float64],
    lo: int,
    hi: int,
) -> float:
    """Return the mean of a pulse after each of the beats `lo` to `hi` that have samples."""
    total = whole = 0.0
    for j in range(lo, hi):
        # An interval that is no beat may end at a beat that is not known yet.
        if number[j].sum() == 0:
            continue
        rr = beats[j + 1] - beats[j]
        whole += rr
        for b in range(TIMED):
            total += pulse[b] * min(max(rr - b * BIN_S, 0.0), BIN_S)
    return total / max(whole, BIN_S)


@kernel
def _at(pulse: NDArray[np.float64], seconds: float) -> float:
    """Return a pulse between the middles of its parts."""
    at = min(max(seconds / BIN_S - 0.5, 0.0), TIMED - 1.0)
    left = min(int(at), TIMED - 2)
    value: float = pulse[left] + (at - left) * (pulse[left + 1] - pulse[left])
    return value
