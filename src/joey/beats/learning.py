"""What the size of a beat is: learned from a few seconds, and only where what has it is a heart.

Noise after the last beat has two halves of one size as well, but it neither comes evenly nor stands
out of the quiet beside it; a heart that became smaller does one of the two.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from joey.beats.deflections import (
    ENERGY,
    GATHER,
    LONG,
    NEIGHBOR,
    SHORT,
    STEEPEST,
    STRIDE,
    TOP,
    deflect,
    steepness_of,
    tilt_of,
)
from joey.beats.medians import RING
from joey.beats.pulses import mark_returning
from joey.compiled import kernel

__all__ = [
    "CLEAR",
    "LEARN_S",
    "QUIET_S",
    "QUIET_SHARE",
    "STEEP",
    "THRESHOLD",
    "learn",
    "quiet_beside",
]

LEARN_S = 4.6  # two halves of 2.3 s: each holds a beat from 30/min on
THRESHOLD = 0.35  # of the way from noise to beat
CLEAR = 0.25  # of a beat's size: enough where it also stands out of the noise and is steep
STEEP = 0.3  # of the usual energy for its height: less is a T wave or drift of any height
QUIET_S = 1.5  # before a small candidate that show the noise: a beat at 40/min and more
QUIET_SHARE = 0.25  # of that time is quiet, between beats of up to some 150/min
PAUSE = 0.35  # of the last known size: two sizes whose geometric mean is less are noise and beat
EDGE_SHARE = 0.3  # of the last known size: less, in a span cut short, is what follows a beat
CROWDED = 0.75  # share of candidates the size of beats: only noise and very fast hearts have more
FAST_S = 0.36  # mean interval: that of candidates in noise is shorter, an uneven heart's is longer
EVEN = 0.1  # mean change of interval over mean interval: small beats that make a rhythm even
FEWEST, FEWEST_FLAT, FEWEST_SLOW = 5, 6, 3  # beats that make a rhythm; not steep; with `ABOVE_SLOW`
LARGE = 0.65  # of the size learned: a slow heart's beats are more, most noise between them is less
ABOVE, CLEARLY = 3.0, 4.5  # times the quiet before: beats of known steepness are more; of any
ABOVE_SLOW = 4.0  # the size learned, where few are so large and they come evenly
AT_FIRST = 1.9  # the same where no beat is known yet: white noise is less
AS_STEEP = 0.5  # of the steepness of the last beats: motion of the same height has less
UNEVEN = 0.15  # mean change of interval over mean interval: a very fast heart is regular, noise not


@kernel(counted=False)
def learn(  # noqa: C901, PLR0913, PLR0917  (a compiled function has no keywords)
    at: NDArray[np.int64],
    sizes: NDArray[np.float64],
    pos: int,
    start: float,
    fs: float,
    floor: float,
    usual: float,
    x: NDArray[np.int32],
    gone: NDArray[np.int32],
    w: NDArray[np.int64],
    boxes: NDArray[np.int64],
    sign: NDArray[np.int8],
    before: float,
    quietest: NDArray[np.float64],
) -> tuple[float, float, float, float]:
    """Return size, noise, tilt and steepness of beats from one learning span; size 0: none."""
    span = LEARN_S * fs
    stop = pos
    while stop < len(at) and at[stop, TOP] < start + span:
        stop += 1
    level = _level(at, pos, stop, start + 0.5 * span, floor, usual)
    threshold = THRESHOLD * level
    among = sign[pos:stop]  # of what is not decided: room for a mark
    among[:] = 1
    if w[STEEPEST]:
        mark_returning(x, w, at, pos, stop, threshold, fs, among)
    many, gap, uneven = _rhythm(at, pos, stop, threshold, among)
    fast = gap < FAST_S * fs or level < EDGE_SHARE * usual
    crowded = many >= 6 and many > CROWDED * (stop - pos)
    if level == 0.0 or (crowded and uneven > UNEVEN and fast):
        return 0.0, 0.0, 0.0, 0.0
    tilt = sharp = 0.0
    for j in range(pos, stop):
        if at[j, ENERGY] >= threshold and among[j - pos] > 0:
            deflect(x, gone, w, at, sizes, boxes, j)
            tilt += tilt_of(x, w, at, sizes, j) / many
            sharp += steepness_of(at[j, ENERGY], sizes, j) / many
    if not w[STEEPEST]:
        # Noise after the last beat has two halves of one size as well.
        steep, known = sharp >= AS_STEEP * before, usual > 0.0
        if not _are_beats(
            *(at, pos, stop, start, level, steep, known, fs, x, gone, w, among, quietest)
        ):
            return 0.0, 0.0, 0.0, 0.0
        # Beats alternate or sway in size: small ones are no noise if they make the rhythm even.
        least = CLEAR * level
        for j in range(pos, stop):
            if least <= at[j, ENERGY] < threshold:
                deflect(x, gone, w, at, sizes, boxes, j)
                among[j - pos] = steepness_of(at[j, ENERGY], sizes, j) >= STEEP * sharp
        more, _, uneven = _rhythm(at, pos, stop, least, among)
        if more > many and uneven < EVEN:
            threshold = least
        return level, _noise(at, pos, stop, threshold, among), tilt, sharp
    among[:] = 1  # a dicrotic wave is no noise
    return level, _noise(at, pos, stop, threshold, among), tilt, sharp


@kernel(counted=False)
def _level(
    at: NDArray[np.int64], pos: int, stop: int, middle: float, floor: float, usual: float
) -> float:
    """Return the size of a beat in a learning span; 0: none."""
    first = second = 0.0
    for j in range(pos, stop):
        if at[j, TOP] < middle:
            first = max(first, float(at[j, ENERGY]))
        else:
            second = max(second, float(at[j, ENERGY]))
    if first == 0.0:
        return 0.0  # a flat line ends with a leap: half a span later, beats alone are in one half
    # The lesser of the two halves: one burst of motion does not set the size of a beat. But where
    # the greater is nearer to what was usual, the lesser is the noise of a pause.
    lesser, greater = min(first, second), max(first, second)
    cut_short = lesser == 0.0
    level = greater if cut_short or lesser * greater < (PAUSE * usual) ** 2 else lesser
    return 0.0 if level < floor or (cut_short and level < EDGE_SHARE * usual) else level


@kernel(counted=False)
def _rhythm(
    at: NDArray[np.int64], pos: int, stop: int, least: float, among: NDArray[np.int8]
) -> tuple[int, float, float]:
    """Return how many candidates have a size, their mean interval, and its unevenness."""
    many = 0
    before = gap_before = -1
    total = change = 0.0
    for j in range(pos, stop):
        if at[j, ENERGY] >= least and among[j - pos] > 0:
            many += 1
            if before >= 0:
                gap = at[j, TOP] - before
                total += gap
                if gap_before >= 0:
                    change += abs(gap - gap_before)
                gap_before = gap
            before = at[j, TOP]
    return many, total / max(many - 1, 1), change / max(total, 1.0)


@kernel(counted=False)
def _are_beats(  # noqa: PLR0913, PLR0917  (a compiled function has no keywords)
    at: NDArray[np.int64],
    pos: int,
    stop: int,
    start: float,
    level: float,
    steep: bool,  # noqa: FBT001
    known: bool,  # noqa: FBT001
    fs: float,
    x: NDArray[np.int32],
    gone: NDArray[np.int32],
    w: NDArray[np.int64],
    among: NDArray[np.int8],
    least: NDArray[np.float64],
) -> bool:
    """Whether what was learned is a heart: even, or out of the quiet between; noise is neither."""
    many, _, uneven = _rhythm(at, pos, stop, THRESHOLD * level, among)
    large, _, change = _rhythm(at, pos, stop, LARGE * level, among)
    fewest = FEWEST if steep else FEWEST_FLAT
    if (many >= fewest and uneven < EVEN) or (large >= fewest and change < EVEN):
        return True
    slow = large >= FEWEST_SLOW and change < EVEN
    mine = beside = 0.0
    n = 0
    for j in range(pos, stop):
        # The first ones have before them what was before the noise.
        late = at[j, TOP] >= start + QUIET_S * fs
        if late and at[j, ENERGY] >= THRESHOLD * level and among[j - pos] > 0:
            quiet = quiet_beside(x, gone, w, at[j, TOP], fs, least, QUIET_SHARE)
            if quiet > 0:
                mine += at[j, ENERGY]
                beside += quiet
                n += 1
    if not known:
        return mine >= AT_FIRST * beside
    out = mine >= ABOVE * beside or (slow and level * n >= ABOVE_SLOW * beside)
    return mine >= CLEARLY * beside or (steep and out)


@kernel(counted=False)
def _noise(
    at: NDArray[np.int64], pos: int, stop: int, threshold: float, among: NDArray[np.int8]
) -> float:
    """Return the mean energy of the candidates that are no beats."""
    noise = 0.0
    n_noise = 0
    for j in range(pos, stop):
        if at[j, ENERGY] < threshold or among[j - pos] == 0:
            noise += at[j, ENERGY]
            n_noise += 1
    return noise / max(n_noise, 1)


@kernel(counted=False)
def quiet_beside(
    x: NDArray[np.int32],
    gone: NDArray[np.int32],
    w: NDArray[np.int64],
    top: int,
    fs: float,
    least: NDArray[np.float64],
    share: float,
) -> float:
    """Return the energy of the quiet share of what lies around a candidate; 0: not known."""
    short, long, width = w[SHORT], w[LONG], 2 * w[GATHER] + w[STRIDE]
    a, b = 2 * long + 1, 2 * short + 1
    first, stop = max(top - int(QUIET_S * fs), long), top + w[NEIGHBOR] + 1
    many = 0
    while stop - width >= first:
        lo, hi = stop - width, stop
        stop = lo
        if len(gone) > 0 and gone[hi + long + 1] != gone[lo - long]:
            continue
        energy = 0
        in_short, out_short = x[lo + short + 1 : hi + short + 1], x[lo - short : hi - short]
        in_long, out_long = x[lo + long + 1 : hi + long + 1], x[lo - long : hi - long]
        for k in range(width):
            energy += abs(a * (in_short[k] - out_short[k]) - b * (in_long[k] - out_long[k]))
        k = min(many, RING - 1)
        if many < RING or energy < least[k]:
            while k > 0 and least[k - 1] > energy:
                least[k] = least[k - 1]
                k -= 1
            least[k] = energy
        many += 1
    return float(least[min(int((many + 1) * share), RING - 1)]) if many >= RING else 0.0
