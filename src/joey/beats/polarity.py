"""Which way up a pleth is: one loop over blocks of half a second, with its state in an array.

Blood comes fast and leaves slowly, so the slopes of an upright pulse are skewed to the right: few
steep rises, many shallow falls. Its levels are too, more so in a slow heart: it is low for long. A
large dicrotic wave hides the first, but not the second in a bradycardia. Some devices export the
pulse upside down. The skewness of 4 s is followed over a few seconds more, and a polarity that is
held is given up only for a clear other one: a symmetric pulse shows none, and its time must not hop
between its rise and its fall.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from joey.beats.deflections import LONG, SHORT, TURN
from joey.compiled import kernel

__all__ = ["AHEAD", "LEARNED", "N_COLUMNS", "SIGN", "turn"]

BEHIND, AHEAD = 4, 3  # blocks beside one that its skewness is of: 4 s
LEARNED = 10  # blocks: the first are judged by what comes in 5 s, for a slow heart has few pulses
MEMORY = 8  # blocks: the skewness is followed with this time constant
LEVEL_LEAST, LEVEL_SHARE = 0.4, 0.6  # of the skewness of levels: beyond that of a fast heart
MOST = 1.0  # skewness: more is of one steep artifact, and must not outweigh seconds of pulses
FIRST = -0.42  # skewness: a pulse whose first seconds have less is upside down
AGAINST = 0.55  # skewness against the polarity that is held: so much turns it

# Columns of a block: sums of squares and cubes of its slopes and of its levels, and how many there
# are; the skewness followed so far and over how many blocks; and the polarity, 1 or -1.
SQUARES, CUBES, LEVEL_SQUARES, LEVEL_CUBES, MANY, SKEWNESS, FOLLOWED, SIGN, N_COLUMNS = range(9)


@kernel(counted=False)
def turn(
    weighed: int,
    turned: int,
    heard: int,
    w: NDArray[np.int64],
    x: NDArray[np.int32],
    gone: NDArray[np.int32],
    blocks: NDArray[np.float64],
) -> tuple[int, int]:
    """Go on with all blocks of which enough was heard.

    Parameters
    ----------
    weighed, turned : int
        How many blocks have their sums, and how many their polarity.
    heard : int
        Samples heard.
    w : ndarray of int64
        Widths.
    x, gone : ndarray of int32
        The window's samples, and how many before each were not measured.
    blocks : ndarray of float64, shape (n, N_COLUMNS)
        Written.

    Returns
    -------
    weighed, turned : int
        The same, now.
    """
    block, long = w[TURN], w[LONG]
    while (weighed + 1) * block + long + 1 <= heard:
        _weigh(weighed, w, x, gone, blocks)
        weighed += 1
    while max(turned + AHEAD, LEARNED - 1) < weighed:
        now = blocks[turned]
        now[SKEWNESS], now[FOLLOWED], now[SIGN] = 0.0, 0.0, 1.0
        if turned > 0:
            before = blocks[turned - 1]
            now[SKEWNESS], now[FOLLOWED], now[SIGN] = (
                before[SKEWNESS],
                before[FOLLOWED],
                before[SIGN],
            )
        stop = turned + AHEAD + 1 if turned > 0 else LEARNED
        _follow(blocks[max(turned - BEHIND, 0) : stop], now)
        if now[SIGN] * now[SKEWNESS] < (FIRST if turned == 0 else -AGAINST):
            now[SIGN] = -now[SIGN]
        turned += 1
    return weighed, turned


@kernel(counted=False)
def _follow(around: NDArray[np.float64], now: NDArray[np.float64]) -> None:
    """Go on following the skewness, by that of the blocks around."""
    squares = cubes = level_squares = level_cubes = many = 0.0
    for k in range(len(around)):
        squares += around[k, SQUARES]
        cubes += around[k, CUBES]
        level_squares += around[k, LEVEL_SQUARES]
        level_cubes += around[k, LEVEL_CUBES]
        many += around[k, MANY]
    if squares == 0.0 or level_squares == 0.0:
        return
    own = cubes / (squares * np.sqrt(squares)) * np.sqrt(many)
    level = level_cubes / (level_squares * np.sqrt(level_squares)) * np.sqrt(many)
    own += LEVEL_SHARE * (level - min(max(level, -LEVEL_LEAST), LEVEL_LEAST))
    now[FOLLOWED] = min(now[FOLLOWED] + 1.0, float(MEMORY))
    now[SKEWNESS] += (min(max(own, -MOST), MOST) - now[SKEWNESS]) / now[FOLLOWED]


@kernel(counted=False)
def _weigh(
    k: int,
    w: NDArray[np.int64],
    x: NDArray[np.int32],
    gone: NDArray[np.int32],
    blocks: NDArray[np.float64],
) -> None:
    """Write the sums of block `k`; none where something in it was not measured."""
    short, long = w[SHORT], w[LONG]
    a, b = 2 * long + 1, 2 * short + 1
    first, stop = max(k * w[TURN], long), (k + 1) * w[TURN]
    row = blocks[k]
    row[:] = 0.0
    if stop <= first or gone[stop + long + 1] != gone[first - long]:
        return
    level = 0
    for i in range(first - long, first + long + 1):
        level -= b * x[i]
    for i in range(first - short, first + short + 1):
        level += a * x[i]
    for i in range(first, stop):
        slope = a * (x[i + short + 1] - x[i - short]) - b * (x[i + long + 1] - x[i - long])
        steep, high = float(slope), float(level)
        row[SQUARES] += steep * steep
        row[CUBES] += steep * steep * steep
        row[LEVEL_SQUARES] += high * high
        row[LEVEL_CUBES] += high * high * high
        level += slope
    row[MANY] = float(stop - first)
