"""Whether what moves the chest looks like this infant's breathing: loops over blocks.

An infant who breathes does so much as a minute ago. Where the chest goes on moving, but less than
it did and in another shape - quicker, as what motion, noise or the heart leave in a pause; slower,
as an adult's breathing - there may be a pause beneath, whatever is counted as breath. Breathing
that only became shallow keeps its shape, and stays breathing.

The memory is far slower than the usual breath of `decide`, which is learned anew within seconds: by
what moves in a pause as well. What is Joey's own here: all of it; the numbers are defaults.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from joey.compiled import kernel

__all__ = ["REACH", "faded", "remember", "unlike"]

FORGET, FORGET_FIRST = 0.0025, 0.02  # of the memory a block: 1 %/s, faster at first
SMALL, LARGE = 0.5, 1.8  # of the remembered movement: the shape of what lies between is learned
STILL = 0.12  # of the remembered movement: what moves less is still
MOSTLY = 0.7  # of a window's blocks must move: else it is at the edge of a pause that is seen
NEAR = 8  # blocks to either side that are looked at together: 2 s
LASTS = 6  # blocks to either side that must agree: 1.5 s
WIDE = 12  # blocks to either side of what looks unlike that are doubted with it: 3 s
# A breath this small beside the remembered movement and in another shape, and so far from another
# one [blocks], may be none.
LONE, ALONE, OTHER = 0.65, 12.0, 0.3
REACH = NEAR + 2 * LASTS + WIDE  # blocks past one that are needed to judge it
# Logarithms. Briskness for its height, beside what is remembered: from here on it is another shape.
QUICKER, SLOWER = 0.15, -0.1
# How much smaller and quicker, or smaller and slower, together.
SMALLER_QUICK, LEAST_QUICK, LEAST_SLOW, WEIGHT_SLOW = 0.8, 0.6, 0.5, 0.5
MOST_SMALLER = 0.45  # what counts of smallness: shallow breaths alone are breaths
FAINT = 0.04  # of the usual breath: what swings less is none, however even
FADED_S = 5.0  # s to either side in which faint breaths are looked for
FADED = 4  # of them, at the least
LAST_GAPS = 16  # intervals before a pause, whose median is the infant's pace
QUICKEST, SLOWEST = 0.7, 1.4  # times the usual interval: the mean one of breaths that go on
EVEN = 1.5  # times the mean interval: the longest
ALIKE = 2.5  # times the smallest of them: the largest
LATE = 1.5  # times the usual interval after the last of them: they ended
AFTER_S, BEFORE_S = 1.0, 0.8  # s from a breath to a pause, and from a pause to a breath


@kernel
def remember(
    moves: NDArray[np.float64],
    brisk: NDArray[np.float64],
    first: int,
    stop: int,
    out: NDArray[np.float64],
) -> None:
    """Write the slow memory of movement, and of its briskness for its height.

    Each goes up by a small share where the present is above it and down where it is below: a median
    of a minute or two that takes no room and does not follow a pause.

    Parameters
    ----------
    moves, brisk : ndarray of float64, shape (n,)
        As of `Stillness`; NaN where unknown.
    first, stop : int
        Blocks to go on from and to.
    out : ndarray of float64, shape (2, n + 1)
        Column b + 1 is what is remembered after block b; 0 is nothing yet.
    """
    for b in range(first, stop):
        out[:, b + 1] = out[:, b]
        move, now = moves[b], out[0, b]
        if not move > 0:
            continue
        shape = brisk[b] / move
        if now == 0:
            out[0, b + 1], out[1, b + 1] = move, shape
            continue
        share = max(FORGET_FIRST / (1 + b * FORGET_FIRST), FORGET)
        out[0, b + 1] = now * (1 + share if move > now else 1 - share)
        if SMALL * now < move < LARGE * now:
            out[1, b + 1] = out[1, b] * (1 + share if shape > out[1, b] else 1 - share)


@kernel
def unlike(
    moves: NDArray[np.float64],
    brisk: NDArray[np.float64],
    rest: NDArray[np.float64],
    memory: NDArray[np.float64],
    breaths: NDArray[np.float64],
) -> NDArray[np.bool_]:
    """Return in which blocks neither breathing nor stillness is seen.

    Parameters
    ----------
    moves, brisk : ndarray of float64, shape (n,)
        As of `Stillness`; NaN where unknown. What lies within `REACH` of an end rests on less.
    rest : ndarray of float64, shape (n,)
        What moves less is still.
    memory : ndarray of float64, shape (2, n)
        As `remember` wrote it, before each block.
    breaths : ndarray of float64, shape (m,)
        All breaths, in blocks; those outside are those before and after.
    """
    n = len(moves)
    out = np.zeros(n, dtype=np.bool_)
    run = 0
    for b in range(n):
        run = run + 1 if _is_other(moves, brisk, rest, memory, b) else 0
        if run > 2 * LASTS:
            out[max(b - 2 * LASTS - WIDE, 0) : min(b + WIDE + 1, n)] = True
    first, stop = np.searchsorted(breaths, np.array([0.0, float(n)]))
    for j in range(first, stop):
        b = int(breaths[j])
        before = breaths[j] - breaths[j - 1] if j > 0 else ALONE
        after = breaths[j + 1] - breaths[j] if j + 1 < len(breaths) else ALONE
        if before >= ALONE and after >= ALONE and moves[b] < LONE * memory[0, b]:
            quicker = np.log(brisk[b] / moves[b] / memory[1, b])
            if abs(quicker) > OTHER:
                out[max(b - NEAR, 0) : min(b + NEAR + 1, n)] = True
    return out


@kernel
def _is_other(
    moves: NDArray[np.float64],
    brisk: NDArray[np.float64],
    rest: NDArray[np.float64],
    memory: NDArray[np.float64],
    b: int,
) -> bool:
    """Return whether what moves around a block is smaller than breathing, and of another shape."""
    number = moving = 0
    size = turn = 0.0
    for k in range(max(b - NEAR, 0), min(b + NEAR + 1, len(moves))):
        if moves[k] >= 0:
            number += 1
        if moves[k] > max(rest[k], STILL * memory[0, b]):
            moving += 1
            size += moves[k]
            turn += brisk[k]
    now, shape = memory[0, b], memory[1, b]
    if not (now > 0 and shape > 0 and moving > MOSTLY * number and turn > 0):
        return False
    smaller = min(-np.log(size / moving / now), MOST_SMALLER)
    quicker = np.log(turn / size / shape)
    if quicker > QUICKER:
        return bool(SMALLER_QUICK * smaller + quicker > LEAST_QUICK)
    return bool(quicker < SLOWER and smaller - WEIGHT_SLOW * quicker > LEAST_SLOW)


@kernel
def faded(  # noqa: C901, PLR0912, PLR0913, PLR0915, PLR0917  (one loop with its state, as `decide`)
    band: NDArray[np.int64],
    valid: NDArray[np.bool_],
    peaks: NDArray[np.int64],
    floor: NDArray[np.float64],
    usual: NDArray[np.float64],
    wanted: NDArray[np.bool_],
    first: int,
    block: int,
    fs: float,
) -> NDArray[np.bool_]:
    """Return in which blocks of a pause faint breaths go on, evenly and at the infant's own pace.

    Electrodes that dry, and an infant who turns, make breaths of a tenth of their size.

    Parameters
    ----------
    band, valid : ndarray, shape (n,)
        Band-passed impedance and where it can be judged.
    peaks : ndarray of int64, shape (m,)
        All breaths as found.
    floor, usual : ndarray of float64, shape (n // block,)
        For each block how far the impedance moves when nobody breathes, and the usual breath.
    wanted : ndarray of bool, shape (k,)
        The blocks that are asked for.
    first, block : int
        Which block is the first of them, and the samples in one.
    fs : float
        Sampling frequency. [Hz]
    """
    out = np.zeros(len(wanted), dtype=np.bool_)
    if not wanted.any():
        return out
    tops = np.empty(len(band) // 2 + 1, dtype=np.int64)
    rises = np.empty(len(tops))
    reach = int(FADED_S * fs)
    nth = -1
    number = i = low = 0
    pace = 0.0
    rising = False
    extreme = bottom = 0.0
    where = stop = 0
    for k in range(len(wanted)):
        if not wanted[k]:
            continue
        middle = (first + k) * block + block // 2
        at = int(np.searchsorted(peaks, middle))
        if at != nth:  # another pause
            nth = at
            number = low = 0
            pace = _pace(peaks, at)
            begin = int(peaks[at - 1] + AFTER_S * fs) if at > 0 else 0
            stop = int(peaks[at] - BEFORE_S * fs) if at < len(peaks) else len(band)
            i = begin
            rising = False
            where = -1
        if pace <= 0:
            continue
        while i < min(middle + reach, stop):
            if not valid[i]:
                where = -1
                rising = False
                i += 1
                continue
            value = float(band[i])
            b = i // block
            step = max(floor[b], FAINT * usual[b])
            if where < 0:
                extreme, where = value, i
            elif rising:
                if value > extreme:
                    extreme, where = value, i
                elif extreme - value > step:
                    tops[number], rises[number] = where, extreme - bottom
                    number += 1
                    rising = False
                    extreme, where = value, i
            elif value < extreme:
                extreme, where = value, i
            elif value - extreme > step:
                rising = True
                bottom = extreme
                extreme, where = value, i
            i += 1
        while low < number and tops[low] < middle - reach:
            low += 1
        if number - low < FADED:
            continue
        longest = 0
        smallest = largest = rises[low]
        for j in range(low + 1, number):
            longest = max(longest, tops[j] - tops[j - 1])
            smallest, largest = min(smallest, rises[j]), max(largest, rises[j])
        mean = (tops[number - 1] - tops[low]) / (number - low - 1)
        goes_on = min(middle + reach, stop) - tops[number - 1] < LATE * pace
        alike = QUICKEST * pace < mean < SLOWEST * pace and longest < EVEN * mean
        alike = alike and largest < ALIKE * smallest
        out[k] = goes_on and alike
    return out


@kernel
def _pace(peaks: NDArray[np.int64], at: int) -> float:
    """Return the median of the last intervals before breath `at`; 0 where there are too few."""
    if at <= LAST_GAPS:
        return 0.0
    gaps = np.zeros(LAST_GAPS)
    for k in range(LAST_GAPS):
        gap = float(peaks[at - 1 - k] - peaks[at - 2 - k])
        j = k
        while j > 0 and gaps[j - 1] > gap:
            gaps[j] = gaps[j - 1]
            j -= 1
        gaps[j] = gap
    return float(gaps[LAST_GAPS // 2])
