"""Whether what is seen around a second of ECG recurs: every deflection has twins beside it.

A wide complex (bundle branch block, an escape rhythm) has little energy in the band of a narrow
one, and a P or T wave much beside it. What repeats itself is the heart, whatever its shape; motion
and muscle do not. Slopes are compared in the band a beat detector looks at, so that what is left is
the noise that the detector has.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from joey.compiled import kernel
from joey.quality.seconds import ENERGY, FOUND, LONG, MISSING, PLACE, SHORT, SIDE, STEP

__all__ = ["least_alike"]

BACK_TO = 4  # s before: at 45 beats/min three beats
TRIES = 4  # neighbors of like size that are compared, nearest first
LIKE = 1.5  # times the energy: what differs by more is not compared
PARTS = 3  # of what is compared, each of about 80 ms, as the energy of a beat is summed
LAGS = 10  # steps to either side: tops of wide beats are not sharp
MOST = 256  # steps of a comparison, at most


@kernel
def least_alike(  # noqa: C901, PLR0913, PLR0917  (a compiled function has no keywords)
    first: int,
    stop: int,
    back: int,
    end: int,
    least: float,
    enough: float,
    known: int,
    w: NDArray[np.int64],
    z: NDArray[np.int64],
    passed: int,
    x: NDArray[np.int32],
    valid: NDArray[np.bool_],
    found: NDArray[np.float64],
) -> float:
    """Return the energy by which the least alike deflection differs from its second best twin.

    Parameters
    ----------
    first, stop : int
        Samples between which deflections are looked at.
    back, end : int
        Samples between which twins are looked for.
    least : float
        Energy of the smallest deflection that is looked at.
    enough : float
        A difference that is small enough: it is told as soon as one is larger, as infinite.
    known, w, z, x, valid, found
        As of `seconds.measure`.
    passed : int
        The first candidate that may lie behind `first`.

    Returns
    -------
    float
        The largest over 80 ms, of noise that differs: as large as the energy of that noise is in
        one of the two. Infinite where a deflection has not two twins.
    """
    worst, number = 0.0, 0
    mine, other = np.empty(MOST), np.empty(MOST)
    side = w[SIDE]
    for i in range(passed, z[FOUND]):
        place, size = found[i, PLACE], found[i, ENERGY]
        if place >= stop:
            break
        if place < first or size < least:
            continue
        number += 1
        if not _slopes_at(int(place), side, known, w, z, x, valid, mine):
            return np.inf
        # Two are asked for: of slow swings one may be like another by chance.
        best = second = np.inf
        tries, down, up = 0, i - 1, i + 1
        while tries < TRIES and second > enough:
            below = down >= 0 and found[down, PLACE] >= back
            above = up < z[FOUND] and found[up, PLACE] < end
            if not below and not above:
                break
            nearer = below and (not above or place - found[down, PLACE] <= found[up, PLACE] - place)
            if nearer:
                j = down
                down -= 1
            else:
                j = up
                up += 1
            if not size <= LIKE * found[j, ENERGY] <= LIKE * LIKE * size:
                continue
            tries += 1
            if _slopes_at(int(found[j, PLACE]), side + LAGS, known, w, z, x, valid, other):
                differs = _difference(side, w[STEP], mine, other)
                best, second = min(best, differs), min(second, max(best, differs))
        worst = max(worst, second)
        if worst > enough:
            return np.inf
    return worst if number > 0 else np.inf


@kernel
def _slopes_at(
    place: int,
    side: int,
    known: int,
    w: NDArray[np.int64],
    z: NDArray[np.int64],
    x: NDArray[np.int32],
    valid: NDArray[np.bool_],
    out: NDArray[np.float64],
) -> bool:
    """Write the slope of the band at so many steps to either side; False where not all is known."""
    short, long, step = w[SHORT], w[LONG], w[STEP]
    a, b = float(2 * long + 1), float(2 * short + 1)
    lo, hi = place - side * step, place + side * step
    if lo - long < 0 or hi + long + 1 >= known:
        return False
    if z[MISSING]:
        for i in range(lo - long, hi + long + 2):
            if not valid[i]:
                return False
    i = lo
    for k in range(2 * side + 1):
        steep = float(x[i + short + 1]) - float(x[i - short])
        out[k] = a * steep - b * (float(x[i + long + 1]) - float(x[i - long]))
        i += step
    return True


@kernel
def _difference(
    side: int, step: int, mine: NDArray[np.float64], other: NDArray[np.float64]
) -> float:
    """Return the largest difference over a part, where the whole differs least."""
    n = 2 * side + 1
    least, at = np.inf, 0
    for lag in range(2 * LAGS + 1):
        total = 0.0
        for k in range(n):
            total += abs(mine[k] - other[k + lag])
        if total < least:
            least, at = total, lag
    most = 0.0
    for part in range(PARTS):
        total = 0.0
        for k in range(n * part // PARTS, n * (part + 1) // PARTS):
            total += abs(mine[k] - other[k + at])
        most = max(most, total)
    return float(most * step / np.sqrt(2.0))
