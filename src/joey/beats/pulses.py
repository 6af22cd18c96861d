"""What of a pleth is the dicrotic wave of the pulse before, and no pulse.

It may rise as high and as steeply as a pulse. But it comes before blood has left: a pulse falls by
more than half before the next one, and by less before its own dicrotic wave. Upside down, or where
that wave is the steeper one, it is the smaller of two rises that are close to each other.

A wave that looks like a pulse by itself shows what it is by coming again. In three periods on end a
lesser wave has the same place, off the middle, between two larger ones: one pulse and its echo (a
dicrotic wave, or the rebound of a filter), for a heart that beats twice as fast has even intervals.
Pulses of alternating or swaying size have them too, and stay. A bigeminy has not: by a pleth alone
it cannot be told from a pulse and its dicrotic wave, and its weaker beats are left out.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from joey.beats.deflections import ENERGY, NEIGHBOR, SHORT, TOP, UP
from joey.compiled import kernel

__all__ = ["CLOSE", "echoes", "mark_returning", "returning"]

FALLEN = 0.55  # of its rise: a pulse has fallen by so much before the next, its dicrotic notch less
SMALLER = 0.55  # of the rise before: so small a one that is close is no pulse
ON_TIME = 0.9  # median intervals: a later rise is no dicrotic wave, whose place is fixed
AT_FIRST = 4  # shortest intervals, 0.48 s: the same where no interval is known
CLOSE = 0.65  # median intervals: the latest dicrotic wave
LARGER = 1.3  # times the energy of the wave before: so large a one is no echo of it
LIKE = 0.5  # of a wave's energy: what has less is no wave that may stand in its place
LESSER = 1.1  # of the energy of the wave before: an echo has hardly more
SURELY = 0.9  # of it: less is no pulse of the same size, of which more is asked
SWAYED = 1.3  # of the energy of the next pulse, which may be a small one
UNEVEN = 1.12  # the longer over the shorter gap of a period: beats of one rhythm are more even
UNEVEN_OF_MORE = 1.3  # the same of more than two: breathing may sway three beats
GRAIN, GRAIN_S = 2, 0.026  # samples, or seconds: gaps of even beats differ by so much
SAME_SHARE = 1.4  # of an echo in its pulse, one over the next: it grows with it
SAME_PLACE, SAME_PLACE_S = 0.05, 0.04  # of a period; or seconds behind the pulse
VERY_PLACE = 0.02  # of a period, of waves that are not surely lesser
SAME_PERIOD = 1.6  # one over the next: a bradycardia begins within some beats
ON_BEAT = 0.028  # of a period
PERIODS = 3  # on end
MOST_WAVES = 4  # of a period
AHEAD_S = 4.6  # so far ahead is looked for them: two periods of 30/min and an echo


@kernel(counted=False)
def returning(
    x: NDArray[np.int32],
    w: NDArray[np.int64],
    at: NDArray[np.int64],
    c: int,
    top: float,
    rr: float,
) -> bool:
    """Whether a candidate is the dicrotic wave of the pulse before it.

    Parameters
    ----------
    x : ndarray of int32
        The window's samples.
    w : ndarray of int64
        Widths.
    at : ndarray of int64, shape (n, N_PLACES)
        Candidates.
    c : int
        Which candidate.
    top : float
        Where the energy of the pulse before tops. [samples]
    rr : float
        The usual interval; 0: not known. [samples]
    """
    gap = at[c, TOP] - top
    before = c - 1
    while before > 0 and at[before, TOP] > top:
        before -= 1
    if at[c, ENERGY] >= LARGER * at[before, ENERGY]:
        return False
    if gap >= (ON_TIME * rr if rr > 0 else AT_FIRST * w[NEIGHBOR]):
        return False
    return _is_return(x, w, int(top), at[c, TOP], at[c, UP], close=gap < CLOSE * rr)


@kernel(counted=False)
def mark_returning(
    x: NDArray[np.int32],
    w: NDArray[np.int64],
    at: NDArray[np.int64],
    pos: int,
    stop: int,
    threshold: float,
    fs: float,
    among: NDArray[np.int8],
) -> None:
    """Write 0 for each candidate from `pos` on that is the dicrotic wave of a large one."""
    before = -1
    for j in range(pos, stop):
        if at[j, ENERGY] < threshold:
            continue
        if before >= 0 and (
            returning(x, w, at, j, float(at[before, TOP]), 0.0)
            or echoes(at[:stop], before, j, 0.0, fs) > 0
        ):
            among[j - pos] = 0
        else:
            before = j


@kernel(counted=False)
def echoes(at: NDArray[np.int64], p: int, c: int, known: float, fs: float) -> int:
    """Whether a wave comes again and again in one place between larger ones.

    Parameters
    ----------
    at : ndarray of int64, shape (n, N_PLACES)
        Candidates.
    p, c : int
        The pulse before, and the wave.
    known : float
        Sample index before which all candidates are given; 0: no more will come. [samples]
    fs : float
        Sampling frequency. [Hz]

    Returns
    -------
    int
        1: it does; 0: it does not; -1: more must be known.
    """
    if at[c, ENERGY] >= LESSER * at[p, ENERGY]:
        return 0
    least = LIKE * at[c, ENERGY]
    number, i = 0, p
    while i < c:
        i = _step(at, i, 1, least)
        number += 1
    # What comes later must not be looked at, known or not: chunks do not matter.
    stop = at[p, TOP] + AHEAD_S * fs
    ahead = c + 1
    while ahead < len(at) and at[ahead, TOP] < stop:
        ahead += 1
    at = at[:ahead]
    answer = 0
    for m in range(number + 1, MOST_WAVES + 1):
        end = _step(at, p, m, least)
        row = -1
        if end >= 0:
            row = 0
            if 2 * number != m or m == 2:
                row = 0 if _is_on_beat(at, p, c, end, m) else _row(at, p, m, least, fs)
        if row > 0:
            return 1
        answer = min(answer, row)
    return answer if 0.0 < known < stop else 0


@kernel(counted=False)
def _row(at: NDArray[np.int64], p: int, m: int, least: float, fs: float) -> int:
    """Whether so many periods of `m` waves are on end, one of them from `p`; -1: more may come."""
    if not _is_period(at, p, m, least, fs):
        return 0
    many, here = 1, p
    while many < PERIODS:
        before = _step(at, here, -m, least)
        if before < 0 or not _goes_on(at, before, here, m, least, fs):
            break
        many, here = many + 1, before
    here = p
    while many < PERIODS:
        behind = _step(at, here, m, least)
        if _step(at, behind, m, least) < 0:
            return -1
        if not _goes_on(at, here, behind, m, least, fs):
            return 0
        many, here = many + 1, behind
    return 1


@kernel(counted=False)
def _step(at: NDArray[np.int64], i: int, steps: int, least: float) -> int:
    """Return the index of the wave so many waves on; -1 where there are not so many."""
    way = 1 if steps > 0 else -1
    left = abs(steps)
    while left > 0:
        i += way
        if not 0 <= i < len(at):
            return -1
        left -= at[i, ENERGY] >= least
    return i


@kernel(counted=False)
def _is_on_beat(at: NDArray[np.int64], p: int, c: int, end: int, m: int) -> bool:
    """Whether a wave is where a pulse would be, had the period two pulses, or three."""
    place = float(at[c, TOP] - at[p, TOP]) / float(at[end, TOP] - at[p, TOP])
    if abs(place - 0.5) < ON_BEAT:
        return True
    return bool(m > 3 and min(abs(place - 1 / 3), abs(place - 2 / 3)) < ON_BEAT)


@kernel(counted=False)
def _is_period(at: NDArray[np.int64], i: int, m: int, least: float, fs: float) -> bool:
    """Whether `m` - 1 lesser waves lie unevenly between two pulses."""
    end = _step(at, i, m, least)
    most = min(LESSER * at[i, ENERGY], SWAYED * at[end, ENERGY])
    shortest, longest = at[end, TOP] - at[i, TOP], 0
    k = i
    for _ in range(m):
        k, before = _step(at, k, 1, least), k
        if k != end and at[k, ENERGY] >= most:
            return False
        gap = at[k, TOP] - at[before, TOP]
        shortest, longest = min(shortest, gap), max(longest, gap)
    uneven = UNEVEN if m == 2 else UNEVEN_OF_MORE
    return bool(longest >= uneven * shortest and longest - shortest > max(GRAIN, GRAIN_S * fs))


@kernel(counted=False)
def _goes_on(at: NDArray[np.int64], one: int, other: int, m: int, least: float, fs: float) -> bool:
    """Whether two periods on end are periods, and alike."""
    if not (_is_period(at, one, m, least, fs) and _is_period(at, other, m, least, fs)):
        return False
    first = float(at[_step(at, one, m, least), TOP] - at[one, TOP])
    second = float(at[_step(at, other, m, least), TOP] - at[other, TOP])
    if max(first, second) > SAME_PERIOD * min(first, second):
        return False
    if m == 2 and not _alternates(at, one, other, least):
        return False
    for k in range(1, m):
        i, j = _step(at, one, k, least), _step(at, other, k, least)
        if not _alike(at, one, i, other, j, first, second, fs):
            return False
    return True


@kernel(counted=False)
def _alternates(at: NDArray[np.int64], one: int, other: int, least: float) -> bool:
    """Whether gaps are short, long and short again: those of a heart that slows down only grow."""
    middle, behind = at[_step(at, one, 1, least), TOP], at[_step(at, other, 1, least), TOP]
    gap, rest = float(middle - at[one, TOP]), float(at[other, TOP] - middle)
    again = float(behind - at[other, TOP])
    return bool(min(gap, again) >= UNEVEN * rest or max(gap, again) * UNEVEN <= rest)


@kernel(counted=False)
def _alike(
    at: NDArray[np.int64],
    one: int,
    i: int,
    other: int,
    j: int,
    first: float,
    second: float,
    fs: float,
) -> bool:
    """Whether two waves have one share in the pulses before them, and one place in the period."""
    here = float(at[i, ENERGY]) * float(at[other, ENERGY])
    there = float(at[j, ENERGY]) * float(at[one, ENERGY])
    if max(here, there) > SAME_SHARE * min(here, there):
        return False
    a, b = float(at[i, TOP] - at[one, TOP]), float(at[j, TOP] - at[other, TOP])
    apart = abs(a / first - b / second)
    if at[i, ENERGY] >= SURELY * at[one, ENERGY] and apart > VERY_PLACE:
        return False
    return bool(apart <= SAME_PLACE or abs(a - b) <= SAME_PLACE_S * fs)


@kernel(counted=False)
def _is_return(
    x: NDArray[np.int32],
    w: NDArray[np.int64],
    before: int,
    top: int,
    up: int,
    close: bool,  # noqa: FBT001
) -> bool:
    """Compare rise and fall of one wave, and the rise of the next, in the fine box."""
    short, back = w[SHORT], 2 * w[NEIGHBOR]
    start = max(before - back, short)
    box = 0
    for k in range(start - short, start + short + 1):
        box += x[k]
    box *= up
    foot = apex = trough = peak = box
    for i in range(start + 1, top + back + 1):
        box += up * (x[i + short] - x[i - short - 1])
        if i <= before:
            foot = min(foot, box)
            apex = trough = box
        elif i > top:
            peak = max(peak, box)
        elif box > apex:
            apex = trough = box
        else:
            trough = min(trough, box)
        if i == top:
            peak = box
    rise = apex - foot
    return bool(apex - trough < FALLEN * rise or (close and peak - trough < SMALLER * rise))
