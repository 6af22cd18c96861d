"""Peaks and valleys of breathing: one loop over samples, with all its state in arrays.

A breath is a rise and a fall that each exceed a share of the usual breath, the median of the last
fifteen. The share falls while no breath comes, so that breathing gone shallow is found again, yet
never so low that what is left of the heart's ripple counts.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from joey.beats.decide import push

__all__ = ["State", "decide", "learn"]

SHARE = 0.40  # of the usual breath's height: a rise or fall smaller than this is none
LEAST_SHARE = 0.20  # what the share falls to
FALL_FROM_S, FALL_TO_S = 10.0, 30.0  # s without a breath between which the share falls
MOST_GROWTH = 1.5  # of the usual breath: what a larger one counts for
RING = 15  # breaths that make the usual one

HEIGHT, RISING, EXTREME, WHERE, OTHER, LAST, POS, COUNT = range(8)


class State:
    """The arrays the loop carries from call to call."""

    __slots__ = ("heights", "numbers", "order")

    def __init__(self) -> None:
        self.numbers: NDArray[np.float64] = np.zeros(8)
        self.heights: NDArray[np.float64] = np.zeros(RING)
        self.order: NDArray[np.float64] = np.zeros(RING)


def learn(samples: NDArray[np.int64]) -> float:
    """Return the usual height of a breath in a section's first samples. [1/16 count x boxes]"""
    if len(samples) == 0:
        return 0.0
    low, high = np.quantile(samples, (0.1, 0.9))
    # For a sine the deciles span 0.95 of its height.
    return float(high - low)


@njit(cache=True)
def decide(
    samples: NDArray[np.int64],
    valid: NDArray[np.bool_],
    upto: int,
    fs: float,
    s: NDArray[np.float64],
    heights: NDArray[np.float64],
    order: NDArray[np.float64],
    found: NDArray[np.int64],
) -> tuple[int, int]:
    """Go on to sample `upto`; return how many breaths were found and before where all are final.

    Parameters
    ----------
    samples, valid : ndarray, shape (n,)
        Band-passed impedance and where it can be judged.
    upto : int
        Index before which both are given.
    fs : float
        Sampling frequency. [Hz]
    s, heights, order : ndarray of float64
        `State`, changed in place.
    found : ndarray of int64
        Room for the indices of breaths.
    """
    n = 0
    fall = (SHARE - LEAST_SHARE) / (FALL_TO_S - FALL_FROM_S)
    for i in range(int(s[POS]), upto):
        if not valid[i]:
            s[RISING] = 0.0
            s[EXTREME] = 0.0
            s[WHERE] = -1.0
            s[LAST] = i
            continue
        value = float(samples[i])
        if s[WHERE] < 0:
            s[EXTREME] = value
            s[OTHER] = value
            s[WHERE] = i
            continue
        waited = min(max((i - s[LAST]) / fs, FALL_FROM_S), FALL_TO_S)
        step = s[HEIGHT] * (SHARE - fall * (waited - FALL_FROM_S))
        if s[RISING] > 0:
            if value > s[EXTREME]:
                s[EXTREME] = value
                s[WHERE] = i
            elif s[EXTREME] - value > step:
                found[n] = int(s[WHERE])
                n += 1
                # A bout of motion must not set the size of a breath: it would hide the next ones.
                height = min(s[EXTREME] - s[OTHER], MOST_GROWTH * s[HEIGHT])
                s[HEIGHT] = push(heights, order, int(s[COUNT]), height)
                s[COUNT] += 1
                s[LAST] = s[WHERE]
                s[RISING] = 0.0
                s[EXTREME] = value
                s[WHERE] = i
        elif value < s[EXTREME]:
            s[EXTREME] = value
            s[WHERE] = i
        elif value - s[EXTREME] > step:
            s[RISING] = 1.0
            s[OTHER] = s[EXTREME]
            s[EXTREME] = value
            s[WHERE] = i
    s[POS] = max(upto, int(s[POS]))
    final = int(s[WHERE]) if s[RISING] > 0 else int(s[POS])
    return n, final
