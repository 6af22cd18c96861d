"""How far, and where exactly, the signal goes up and down around a candidate beat."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from joey.compiled import kernel

__all__ = ["deflect"]

# Places in the widths of a recipe, in samples (half widths where a box is centred).
SHORT, LONG, FINE, BASE, GATHER, AROUND, NEIGHBOR, TURN, STEEPEST, REACH, KEEP, N_WIDTHS = range(12)

# Columns of a candidate.
TOP, ENERGY, HIGH, LOW, UP, N_PLACES = range(6)  # indices, and the sign of a pleth there
HIGH_SIZE, LOW_SIZE, HIGH_SHIFT, LOW_SHIFT, N_SIZES = range(5)  # counts, and sub-sample parts


@kernel
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
    if w[STEEPEST]:
        _slopes(x, w, timed, places, sizes)
    else:
        _levels(x, gone, w, places, sizes)


@kernel
def _slopes(
    x: NDArray[np.int32],
    w: NDArray[np.int64],
    timed: NDArray[np.float64],
    places: NDArray[np.int64],
    sizes: NDArray[np.float64],
) -> None:
    """Look for the steepest rise and fall of the band. [counts x box widths]"""
    short, long, wide = w[SHORT], w[LONG], w[AROUND] + 1
    a, b = 2 * long + 1, 2 * short + 1
    first = places[TOP] - wide
    for k in range(2 * wide + 1):
        i = first + k
        step = a * (x[i + short + 1] - x[i - short]) - b * (x[i + long + 1] - x[i - long])
        timed[k] = float(places[UP] * step)
    high = low = 1
    for k in range(2, 2 * wide):
        if timed[k] > timed[high]:
            high = k
        if timed[k] < timed[low]:
            low = k
    places[HIGH], places[LOW] = first + high, first + low
    sizes[HIGH_SIZE], sizes[LOW_SIZE] = timed[high], -timed[low]
    # A slope lies between its two samples.
    sizes[HIGH_SHIFT] = _shift(timed[high - 1], timed[high], timed[high + 1]) + 0.5
    sizes[LOW_SHIFT] = _shift(timed[low - 1], timed[low], timed[low + 1]) + 0.5


@kernel
def _levels(
    x: NDArray[np.int32],
    gone: NDArray[np.int32],
    w: NDArray[np.int64],
    places: NDArray[np.int64],
    sizes: NDArray[np.float64],
) -> None:
    """Look for the highest and lowest box(fine), from the mean of the samples around. [counts]"""
    fine, base, middle = w[FINE], w[BASE], places[TOP]
    lower, upper = max(middle - base, 0), middle + base + 1
    around = 0
    for value in x[lower:upper]:
        around += value
    first = middle - w[AROUND]
    near = _box(x, first, fine)
    most, least, high, low = near, near, first, first
    enters = x[first + fine + 1 : middle + w[AROUND] + fine + 1]
    leaves = x[first - fine : middle + w[AROUND] - fine]
    for k in range(len(enters)):
        near += enters[k] - leaves[k]
        if near > most:
            most, high = near, first + k + 1
        if near < least:
            least, low = near, first + k + 1
    level = around / max(upper - lower - (gone[upper] - gone[lower]), 1)
    width = 2 * fine + 1
    places[HIGH], places[LOW] = high, low
    sizes[HIGH_SIZE], sizes[LOW_SIZE] = most / width - level, level - least / width
    sizes[HIGH_SHIFT] = _shift(_box(x, high - 1, fine), most, _box(x, high + 1, fine))
    sizes[LOW_SHIFT] = _shift(_box(x, low - 1, fine), least, _box(x, low + 1, fine))


@kernel
def _box(x: NDArray[np.int32], middle: int, half: int) -> float:
    total = 0
    for i in range(middle - half, middle + half + 1):
        total += x[i]
    return float(total)


@kernel
def _shift(left: float, top: float, right: float) -> float:
    """Return the top of the parabola through three values one sample apart. [samples]"""
    bend = left - 2.0 * top + right
    if bend == 0.0:
        return 0.0
    return float(min(max(0.5 * (left - right) / bend, -0.5), 0.5))
