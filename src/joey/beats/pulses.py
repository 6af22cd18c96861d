"""What of a pleth is the dicrotic wave of the pulse before, and no pulse.

It may rise as high and as steeply as a pulse. But it comes before blood has left: a pulse falls by
more than half before the next one, and by less before its own dicrotic wave. Upside down, or where
that wave is the steeper one, it is the smaller of two rises that are close to each other.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from joey.beats.deflections import ENERGY, NEIGHBOR, SHORT, TOP, UP
from joey.compiled import kernel

__all__ = ["mark_returning", "returning"]

FALLEN = 0.55  # of its rise: a pulse has fallen by so much before the next, its dicrotic notch less
SMALLER = 0.55  # of the rise before: so small a one that is close is no pulse
ON_TIME = 0.9  # median intervals: a later rise is no dicrotic wave, whose place is fixed
AT_FIRST = 4  # shortest intervals, 0.48 s: the same where no interval is known
CLOSE = 0.65  # median intervals: the latest dicrotic wave


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
    among: NDArray[np.int8],
) -> None:
    """Write 0 for each candidate from `pos` on that is the dicrotic wave of a large one."""
    before = -1
    for j in range(pos, stop):
        if at[j, ENERGY] < threshold:
            continue
        if before >= 0 and returning(x, w, at, j, float(at[before, TOP]), 0.0):
            among[j - pos] = 0
        else:
            before = j


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
