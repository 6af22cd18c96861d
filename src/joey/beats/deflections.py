"""How far, and where exactly, the signal goes up and down around a candidate beat."""

from __future__ import annotations

from numba import njit
from numpy.typing import NDArray
import numpy as np

__all__ = ["deflect"]

# Places in the widths of a recipe, in samples (half widths where a box is centred).
SHORT, LONG, FINE, BASE, GATHER, AROUND, NEIGHBOR, TURN, STEEPEST, REACH, KEEP, N_WIDTHS = range(12)

# Columns of a candidate.
TOP, ENERGY, HIGH, LOW, UP, N_PLACES = range(6)  # indices, and the sign of a pleth there
HIGH_SIZE, LOW_SIZE, HIGH_SHIFT, LOW_SHIFT, N_SIZES = range(5)  # counts, and sub-sample parts


@njit(cache=True)
def deflect(
    x: NDArray[np.int32],
    gone: NDArray[np.int32],
    w: NDArray[np.int64],
    timed: NDArray[np.float64],
    places: NDArray[np.int64],
    sizes: NDArray[np.float64],
) -> None:
    """Write where a candidate's deflections are, and how large.

    Parameters
    ----------
    x, gone : ndarray of int32
        The window's samples, and how many before each were not measured.
    w : ndarray of int64
        Widths.
    timed : ndarray of float64, shape (2 x around + 3,)
        Room for the deflections.
    places : ndarray of int64, shape (N_PLACES,)
        The candidate; `HIGH` and `LOW` are written.
    sizes : ndarray of float64, shape (N_SIZES,)
        Written. [counts; samples]
    """
    wide = w[AROUND] + 1
    first = places[TOP] - wide
    if w[STEEPEST]:
        _slopes(x, w, first, float(places[UP]), timed)
    else:
        _levels(x, gone, w, first, timed)
    high = low = 1
    for k in range(2, 2 * wide):
        if timed[k] > timed[high]:
            high = k
        if timed[k] < timed[low]:
            low = k
    places[HIGH], places[LOW] = first + high, first + low
    # A slope lies between its two samples.
    half = 0.5 if w[STEEPEST] else 0.0
    sizes[HIGH_SIZE], sizes[LOW_SIZE] = timed[high], -timed[low]
    sizes[HIGH_SHIFT], sizes[LOW_SHIFT] = _shift(timed, high) + half, _shift(timed, low) + half


@njit(cache=True)
def _slopes(
    x: NDArray[np.int32], w: NDArray[np.int64], first: int, up: float, timed: NDArray[np.float64]
) -> None:
    """Write the slopes of the band. [counts x box widths]"""
    short, long = w[SHORT], w[LONG]
    a, b = 2 * long + 1, 2 * short + 1
    for k in range(len(timed)):
        i = first + k
        step = a * (x[i + short + 1] - x[i - short]) - b * (x[i + long + 1] - x[i - long])
        timed[k] = up * step


@njit(cache=True)
def _levels(
    x: NDArray[np.int32],
    gone: NDArray[np.int32],
    w: NDArray[np.int64],
    first: int,
    timed: NDArray[np.float64],
) -> None:
    """Write box(fine) less the mean of the measured samples around, box(baseline). [counts]"""
    fine, base = w[FINE], w[BASE]
    near = 0
    for i in range(first - fine, first + fine + 1):
        near += x[i]
    around = 0
    for i in range(max(first - base, 0), first + base + 1):
        around += x[i]
    for k in range(len(timed)):
        i = first + k
        lower = max(i - base, 0)
        number = i + base + 1 - lower - (gone[i + base + 1] - gone[lower])
        timed[k] = near / (2 * fine + 1) - around / max(number, 1)
        near += x[i + fine + 1] - x[i - fine]
        around += x[i + base + 1]
        if i >= base:
            around -= x[i - base]


@njit(cache=True)
def _shift(timed: NDArray[np.float64], best: int) -> float:
    """Return the top of the parabola through the three values around a place. [samples]"""
    left, top, right = timed[best - 1], timed[best], timed[best + 1]
    bend = left - 2.0 * top + right
    if bend == 0.0:
        return 0.0
    return float(min(max(0.5 * (left - right) / bend, -0.5), 0.5))
