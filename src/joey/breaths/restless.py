"""Whether breaths stand in motion that goes on and on: then a pause cannot be seen.

Bouts of motion stand out from the calm around them. Motion all the time has no calm to stand out
from, but it marks the breaths: they are of uneven height, and what is between them turns more
quickly than their own pace explains. Either alone happens in plain breathing (bouts of shallow
breaths; breaths of two peaks, white noise), the two together do not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["PACES", "hurried", "leisurely", "restless"]

BREATHS, LEAST = 48, 24  # that are looked at together, and how few may be
EVERY = 4  # breaths, after which they are looked at anew
QUICK = 1.2  # times the briskness of a sine of the breaths' pace
RESTLESS = 0.48
IN_TURN = 4  # intervals, each as long as an adult's and far longer than this infant's
SMALLISH = 0.8  # of the remembered movement: breaths of an adult beneath smaller ones
EACH, LONGER = 1.2, 1.55  # times the usual interval: each of them, and their mean
ADULT_S = (1.9, 6.5)  # s, an adult's interval
BEFORE_S = 8.0  # s before the last of them that are doubted at most: what is told waits no longer
HASTY, HASTY_S = 8, 0.48  # intervals whose mean is shorter: no infant breathes at 125/min
AFTER_S = 50.0  # s after them: less than a section hears before it speaks, so that none forgets
PACES = np.arange(0.25, 2.5, 0.05)  # Hz


def restless(
    peaks: NDArray[np.int64],
    rises: NDArray[np.float64],
    shapes: NDArray[np.float64],
    sines: NDArray[np.float64],
    fs: float,
    heard: int,
    lo: int,
    hi: int,
) -> NDArray[np.int64]:
    """Return from where to where breaths stand in motion, shape (n, 2). [samples]

    Parameters
    ----------
    peaks, rises : ndarray, shape (m,)
        All breaths as found, and how far they rose.
    shapes : ndarray of float64, shape (m,)
        Briskness for its height at each.
    sines : ndarray of float64, shape (len(PACES),)
        The same of sines of `PACES`.
    fs : float
        Sampling frequency. [Hz]
    heard : int
        Sample before which all breaths were known when the first was told: they judge each other.
    lo, hi : int
        Samples that are asked for.
    """
    first, last = np.searchsorted(peaks, (lo, hi))
    at = np.arange(max(int(first) // EVERY * EVERY - EVERY, 0), int(last), EVERY)
    rows, enough = _before(np.maximum(at, np.searchsorted(peaks, heard)), 1)
    at, rows = at[enough], rows[enough]
    if len(at) == 0:
        return np.empty((0, 2), dtype=np.int64)
    middle, quarter = BREATHS // 2, BREATHS // 4
    gaps = np.partition(peaks[rows] - peaks[rows - 1], middle, axis=1)[:, middle]
    heights = np.partition(rises[rows], (quarter, middle), axis=1)
    shape = np.partition(shapes[rows], middle, axis=1)[:, middle]
    quick = shape / np.interp(fs / gaps, PACES, sines)
    with np.errstate(invalid="ignore", divide="ignore"):
        uneven = 1 - heights[:, quarter] / heights[:, middle]
        found = (quick > QUICK) & (np.log(quick) + uneven > RESTLESS)
    stops = np.append(peaks, np.iinfo(np.int64).max)[np.minimum(at + EVERY, len(peaks))]
    return np.asarray(np.column_stack((peaks[at], stops))[found])


def _before(ends: NDArray[np.intp], first: int) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
    """Return the last `BREATHS` before each, not before `first`, and whether they are enough.

    Where there are fewer, each stands for more than one: a quantile stays what it is.
    """
    starts = np.maximum(ends - BREATHS, first)
    number = ends - starts
    rows = starts[:, None] + np.arange(BREATHS) * number[:, None] // BREATHS
    return rows, number >= LEAST


def leisurely(
    peaks: NDArray[np.int64], moves: NDArray[np.float64], fs: float, heard: int, lo: int, hi: int
) -> NDArray[np.int64]:
    """Return from where to where breaths come at an adult's pace, shape (n, 2). [samples]

    Parameters
    ----------
    peaks : ndarray of int64, shape (m,)
        All breaths as found.
    moves : ndarray of float64, shape (m,)
        How far it moves at each, in what is remembered.
    fs : float
        Sampling frequency. [Hz]
    heard, lo, hi : int
        As of `restless`.
    """
    first = max(int(np.searchsorted(peaks, lo)) - IN_TURN, 0)
    stop = int(np.searchsorted(peaks, hi + round(BEFORE_S * fs))) - IN_TURN
    at = np.arange(first, stop)
    rows, enough = _before(np.maximum(at, np.searchsorted(peaks, heard) - 1), 0)
    at, rows = at[enough], rows[enough]
    if len(at) == 0:
        return np.empty((0, 2), dtype=np.int64)
    gaps = np.diff(peaks)
    # The lower quarter: half of the last breaths may be those of an adult.
    usual = np.partition(gaps[rows], BREATHS // 4, axis=1)[:, BREATHS // 4]
    turns = gaps[at[:, None] + np.arange(IN_TURN)]
    found = (turns.min(axis=1) > EACH * usual) & (turns.max(axis=1) < ADULT_S[1] * fs)
    found &= turns.mean(axis=1) > np.maximum(LONGER * usual, ADULT_S[0] * fs)
    found &= moves[at[:, None] + np.arange(IN_TURN + 1)].mean(axis=1) < SMALLISH
    ends = peaks[at + IN_TURN]
    starts = np.maximum(peaks[at], ends - round(BEFORE_S * fs))
    return np.asarray(np.column_stack((starts, ends))[found])


def hurried(
    peaks: NDArray[np.int64], heart_in: NDArray[np.bool_], fs: float, lo: int, hi: int
) -> NDArray[np.int64]:
    """Return where a heart that nothing takes out may pass for breaths, shape (n, 2). [samples]

    Where it was counted for breaths its pace tells it; as it slows in a pause it tells nothing, so
    that most of a minute after it is doubted too.

    Parameters
    ----------
    peaks : ndarray of int64, shape (m,)
        All breaths as found.
    heart_in : ndarray of bool, shape (m,)
        Where the heart's share was not taken out, as there are no beats.
    fs : float
        Sampling frequency. [Hz]
    lo, hi : int
        Samples that are asked for.
    """
    first = max(int(np.searchsorted(peaks, lo - round(AFTER_S * fs))) - HASTY, 0)
    stop = int(np.searchsorted(peaks, hi + round(BEFORE_S * fs)))
    near, bare = peaks[first:stop], heart_in[first:stop]
    starts, ends = near[:-HASTY], near[HASTY:]
    found = bare[:-HASTY] & bare[HASTY:] & (ends - starts < HASTY * HASTY_S * fs)
    return np.column_stack((starts, ends + round(AFTER_S * fs)))[found]
