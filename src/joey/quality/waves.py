"""Whether deflections around a second of ECG are P or T waves that a detector may take for beats.

Such a wave recurs as faithfully as a beat does, so its likeness to its twins says nothing. Three
things tell it from a beat. A P wave that is followed by its beat at once, or a T wave that is far
less steep than its beat, is not in question. A P wave that is not conducted stands alone, and off
the middle between the beats beside it, where a small beat of an alternans stands. A T wave follows
every beat, at one distance, is less steep, and has no T wave of its own, as an ectopic beat has.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from joey.compiled import kernel
from joey.quality.seconds import (
    BLOCK,
    ENERGY,
    FOUND,
    GATHERED,
    MISSING,
    PLACE,
    SHORT,
    TENTH,
    WAVE,
    WAVE_AT,
    WAVE_LAST,
    WAVE_SIZE,
    WAVED,
)  # fmt: skip

__all__ = ["ALONE", "look_for_waves", "waves_around"]

UNKNOWN, BEAT, SMALL, MIDWAY, ALONE, REPOLARIZES = range(6)  # what a candidate is taken for

# Energies are shares of a beat's. The detector takes what has a quarter of the usual.
LEAST, MOST = 0.22, 0.75  # a deflection alone that may be a P wave; a larger one is a beat
STANDS_OUT = 1.6  # times the noise: what is less, and alone, is noise
MUCH = 0.4  # the least that has a T wave looked for
LARGER = 0.7  # of the beat behind it: a P wave is smaller
CONDUCTED = 2.4  # tenths of a second from a P wave to its beat, at most
T_FROM, T_TO = 1.5, 3.6  # tenths of a second from a beat to its T wave
T_LEAST = 0.4  # of its beat's energy: a smaller T wave is in no one's way
# Of its beat's steepness and energy: less of both, so early, is a T wave to the detector as well.
FLAT, HALF = 0.55, 0.42
ROUND = 0.85  # of its beat's steepness: a T wave of any size has less
VALLEY = 0.8  # of a T wave's energy: less is between it and its beat
EVENLY = 0.08  # of the interval between its neighbors: a small beat stands in the middle
OWN_T = 0.15  # of its height: an ectopic beat's T wave lies so far from the line
EVERY = 0.7  # of the beats have such a T wave
# Larger ones are counted as beats: P waves; T waves; and where intervals are less, in tenths of a
# second, as the detector looks for no beat so soon.
P_BAD, T_BAD, T_BAD_FAST, FAST = 0.27, 0.45, 0.75, 5.0
APART = 0.62  # of the smallest beat's energy: sizes that breathing sways leave no such gap
FEWEST_ALONE, FEWEST_T = 3, 2  # within some six seconds
JITTER = 3  # blocks by which the distance of a T wave differs, at most


@kernel(counted=False)
def look_for_waves(  # noqa: PLR0913, PLR0917  (a compiled function has no keywords)
    back: int,
    upto: int,
    end: int,
    reference: float,
    noise: float,
    known: int,
    w: NDArray[np.int64],
    z: NDArray[np.int64],
    x: NDArray[np.int32],
    valid: NDArray[np.bool_],
    gathered: NDArray[np.float64],
    found: NDArray[np.float64],
) -> None:
    """Go on saying what each candidate before a sample is.

    Parameters
    ----------
    back, upto, end : int
        Samples from which, and before which, candidates are named, and before which all is known.
    reference, noise : float
        Energy of a beat, and of what lies between beats.
    known, w, z, x, valid, found
        As of `seconds.measure`; columns `WAVE`, `WAVE_AT` and `WAVE_SIZE` are written.
    gathered : ndarray of float64, shape (n,)
        Energy around each block.
    """
    tenth = w[TENTH]
    least = max(LEAST * reference, STANDS_OUT * noise)
    i = z[WAVED]
    while i < z[FOUND] and found[i, PLACE] < back:
        i += 1  # seconds that were not asked about: their samples may be gone
    while i < z[FOUND] and found[i, PLACE] < upto:
        size, place = found[i, ENERGY], found[i, PLACE]
        if found[i, WAVE] == UNKNOWN:
            found[i, WAVE] = BEAT if size >= MUCH * reference else SMALL
            if least <= size < MOST * reference:
                lone = _is_alone(i, back, end, least, known, w, z, x, valid, found)
                if lone > 0:
                    found[i, WAVE], z[WAVE_LAST] = lone, place
        if found[i, WAVE] != REPOLARIZES and size >= MUCH * reference:
            at = _t_wave(i, end, w, z, gathered, found)
            if at > 0 and _rounder(at * w[BLOCK], gathered[at], i, known, w, z, x, valid, found):
                found[i, WAVE_AT] = at - place // w[BLOCK]
                found[i, WAVE_SIZE] = gathered[at] / size
                z[WAVE_LAST] = place
                j = i + 1
                while j < z[FOUND] and found[j, PLACE] < min(at * w[BLOCK] + tenth, end):
                    if abs(found[j, PLACE] - at * w[BLOCK]) < tenth // 2:
                        found[j, WAVE] = REPOLARIZES
                    j += 1
        i += 1
    z[WAVED] = i


@kernel(counted=False)
def waves_around(  # noqa: C901, PLR0912
    back: int,
    first: int,
    stop: int,
    reference: float,
    w: NDArray[np.int64],
    z: NDArray[np.int64],
    start: int,
    found: NDArray[np.float64],
) -> int:
    """Return 1 where P waves that stand alone, or T waves, may pass for beats, 2 where they do.

    Parameters
    ----------
    back, first, stop : int
        Samples from which they are counted, and between which one must be.
    reference : float
        Energy of a beat.
    w, z, found
        As of `seconds.measure`.
    start : int
        A candidate that may lie behind `back`, or a later one.
    """
    i = start
    while i > 0 and found[i - 1, PLACE] >= back:
        i -= 1
    alone = midway = beats = followed = 0
    own_alone = own_midway = own_t = largest = 0.0
    smallest = np.inf
    between, several = 0, False
    nearest, farthest = np.inf, 0.0
    since = until = 0.0
    while i < z[FOUND] and found[i, PLACE] < stop:
        kind, at = found[i, WAVE], found[i, WAVE_AT]
        own = found[i, PLACE] >= first
        if kind == ALONE:
            alone += 1
            if own:
                own_alone = max(own_alone, found[i, ENERGY])
        if kind == MIDWAY:
            midway += 1
            largest = max(largest, found[i, ENERGY])
            if own:
                own_midway = max(own_midway, found[i, ENERGY])
        if MIDWAY <= kind <= ALONE:
            between += 1
            several = several or between > 1
        if kind == BEAT:
            since, until = found[i, PLACE] if beats == 0 else since, found[i, PLACE]
            between = 0
            smallest = min(smallest, found[i, ENERGY])
            beats += 1
            if at > 0:
                followed += 1
                nearest, farthest = min(nearest, at), max(farthest, at)
                if own:
                    own_t = max(own_t, found[i, WAVE_SIZE])
        i += 1
    # Several between two beats, all far smaller: these are no beats of an alternans, nor of a sway.
    if several and largest < APART * smallest:
        alone, own_alone = alone + midway, max(own_alone, own_midway)
    code = 0
    if alone >= FEWEST_ALONE and own_alone > 0:
        code = 2 if own_alone > P_BAD * reference else 1
    if followed >= max(EVERY * beats, FEWEST_T) and farthest - nearest <= JITTER and own_t > 0:
        fast = until - since < FAST * w[TENTH] * (beats - 1)
        code = max(code, 2 if own_t > (T_BAD_FAST if fast else T_BAD) else 1)
    return code


@kernel(counted=False)
def _is_alone(  # noqa: PLR0913, PLR0917
    i: int,
    back: int,
    end: int,
    least: float,
    known: int,
    w: NDArray[np.int64],
    z: NDArray[np.int64],
    x: NDArray[np.int32],
    valid: NDArray[np.bool_],
    found: NDArray[np.float64],
) -> int:
    """Say whether a small deflection stands alone or midway; 0: it is conducted, or a T wave."""
    size, place, tenth = found[i, ENERGY], found[i, PLACE], w[TENTH]
    j = i - 1
    while j >= 0 and back <= found[j, PLACE] and found[j, ENERGY] < least:
        j -= 1
    k = i + 1
    while k < z[FOUND] and found[k, PLACE] < end and found[k, ENERGY] < least:
        k += 1
    if j < 0 or found[j, PLACE] < back or k >= z[FOUND] or found[k, PLACE] >= end:
        return 0
    before, behind = place - found[j, PLACE], found[k, PLACE] - place
    if behind <= CONDUCTED * tenth and LARGER * found[k, ENERGY] > size:
        return 0
    steep = _steepness(place, size, known, w, z, x, valid)
    if before <= T_TO * tenth and found[j, ENERGY] > size:
        usual = _steepness(int(found[j, PLACE]), found[j, ENERGY], known, w, z, x, valid)
        if steep < FLAT * usual:
            return 0
    if steep == 0.0 or _repolarizes(place, size / steep, known, w, x, valid):
        return 0
    return MIDWAY if abs(before - behind) <= EVENLY * (before + behind) else ALONE


@kernel(counted=False)
def _t_wave(
    i: int,
    end: int,
    w: NDArray[np.int64],
    z: NDArray[np.int64],
    gathered: NDArray[np.float64],
    found: NDArray[np.float64],
) -> int:
    """Return the block where the largest deflection soon after a beat tops; 0: none."""
    block, tenth = w[BLOCK], w[TENTH]
    place = int(found[i, PLACE])
    best, at = T_LEAST * found[i, ENERGY], 0
    late = int(place + T_FROM * tenth) // block
    stop = min(int(place + T_TO * tenth) // block, end // block - 2, z[GATHERED] - 1)
    for j in range(late, stop):
        here = gathered[j]
        if here > best and here >= gathered[j - 1] and here >= gathered[j + 1]:
            least = here
            for k in range((place + tenth // 2) // block, j):
                least = min(least, gathered[k])
            if 0 <= least <= VALLEY * here:
                best, at = here, j
    return at


@kernel(counted=False)
def _rounder(  # noqa: PLR0913, PLR0917
    place: int,
    size: float,
    i: int,
    known: int,
    w: NDArray[np.int64],
    z: NDArray[np.int64],
    x: NDArray[np.int32],
    valid: NDArray[np.bool_],
    found: NDArray[np.float64],
) -> bool:
    """Whether what follows a beat is less steep than it, and has no T wave of its own."""
    own = _steepness(int(found[i, PLACE]), found[i, ENERGY], known, w, z, x, valid)
    other = _steepness(place, size, known, w, z, x, valid)
    if not 0.0 < other < ROUND * own:
        return False
    if other < FLAT * own and size < HALF * found[i, ENERGY]:
        return False
    return not _repolarizes(place, size / other, known, w, x, valid)


@kernel(counted=False)
def _repolarizes(
    place: int,
    height: float,
    known: int,
    w: NDArray[np.int64],
    x: NDArray[np.int32],
    valid: NDArray[np.bool_],
) -> bool:
    """Whether a deflection has a T wave of its own, to either side of the line, or may have one."""
    long, early = 4 * w[TENTH] // 5, 18 * w[TENTH] // 10  # a mean over 80 ms, and so much later
    near = int(place) + long
    if near + early + long > known:
        return True
    total = missing = 0
    for k in range(near, near + long):
        total += x[k] - x[k + early]
        missing += not (valid[k] and valid[k + early])
    return missing > 0 or abs(total) >= OWN_T * height * long


@kernel(counted=False)
def _steepness(
    place: int,
    size: float,
    known: int,
    w: NDArray[np.int64],
    z: NDArray[np.int64],
    x: NDArray[np.int32],
    valid: NDArray[np.bool_],
) -> float:
    """Return the energy of a deflection for its height; 0 where it was not measured."""
    box, reach = w[SHORT] + 1, 7 * w[TENTH] // 10
    lo, hi = int(place) - reach, int(place) + reach
    if lo < 0 or hi + box > known:
        return 0.0
    if z[MISSING]:
        for k in range(lo, hi + box):
            if not valid[k]:
                return 0.0
    total = 0
    for k in range(lo, lo + box):
        total += x[k]
    high = low = total
    for k in range(lo, hi):
        total += x[k + box] - x[k]
        high, low = max(high, total), min(low, total)
    return float(size * box / max(high - low, 1))
