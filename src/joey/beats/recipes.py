"""How wide the filters of a beat are: ECG and pleth differ in nothing else; and what is asked."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from fractions import Fraction

    from numpy.typing import NDArray

__all__ = ["ECG", "END", "ONLY_HEAR", "PLETH", "TELL", "TURN_S", "Recipe", "widths"]

# What a section does once it has heard; here, as `kernels` loads Numba.
ONLY_HEAR, TELL, END = range(3)

ENERGY_HZ = 125  # at least so often a second an ECG's energy is looked at: no beat is narrower
ASIDE_S = 0.030  # s, so far beside an R or S wave the signal has left it: half of a neonatal QRS
TURN_S = 0.5  # s, a block for which one polarity of a pleth holds


@dataclass(frozen=True, slots=True)
class Recipe:
    """Filter widths for one kind of signal.

    Parameters
    ----------
    short, long : float
        Boxes whose difference is the band. [s]
    fine, baseline : float
        Box that a beat is timed in: half the width of a narrow R wave; and box through whose mean
        and both sides goes the line that a deflection is measured from. [s]
    gather : float
        Over which slopes are summed: the length of the steep part of a beat. [s]
    neighbor : float
        No two beats are closer; at 300 beats/min they are 0.20 s apart. [s]
    around : float
        How far from the energy's peak the beat's own peak may lie. [s]
    steepest : bool
        Whether the beat is timed at its steepest point (pleth) or its highest (ECG).
    """

    short: float
    long: float
    fine: float
    baseline: float
    gather: float
    neighbor: float
    around: float
    steepest: bool


# A 20 ms box removes 50 Hz hum; 100 ms keeps a neonatal QRS of 50-80 ms and drops P, T and drift.
ECG = Recipe(
    short=0.020,
    long=0.100,
    fine=0.010,
    baseline=0.300,
    gather=0.060,
    neighbor=0.150,
    around=0.060,
    steepest=False,
)
# The rises of a pleth are as long as their sums are wide: two of a fast heart may be nearly equal.
PLETH = Recipe(
    short=0.060,
    long=0.500,
    fine=0.060,
    baseline=0.500,
    gather=0.080,
    neighbor=0.120,
    around=0.080,
    steepest=True,
)


@cache
def widths(recipe: Recipe, fs: Fraction) -> NDArray[np.int64]:
    """Return the recipe in samples of one rate, in the order of `kernels`; boxes as half widths."""
    short, long = _half(recipe.short * fs), _half(recipe.long * fs)
    fine, base = _half(recipe.fine * fs), _half(recipe.baseline * fs)
    around = max(round(recipe.around * fs), 2)
    stride = 1  # whole strides are gathered and compared
    while not recipe.steepest and fs >= 2 * stride * ENERGY_HZ:
        stride *= 2
    gather = _half(recipe.gather * fs / stride) * stride
    neighbor = max(round(recipe.neighbor * fs / stride), 2) * stride
    turn = round(TURN_S * fs) if recipe.steepest else 0
    reach = long + gather + stride + 1  # what the energy of a stride rests on, to either side
    keep = 2 * (neighbor + gather) + 8  # what a tile of candidates rests on beside itself
    row = (
        short,
        long,
        fine,
        base,
        gather,
        around,
        neighbor,
        turn,
        int(recipe.steepest),
        reach,
        keep,
        stride,
        _half(2 * ASIDE_S * fs),
    )
    found = np.array(row, dtype=np.int64)
    found.flags.writeable = False  # one array for all who ask
    return found


def smallest(w: NDArray[np.int64]) -> int:
    """Return the energy of a slope of one count. [counts x box widths]"""
    return int((2 * w[0] + 1) * (2 * w[1] + 1))


def _half(width: float | Fraction) -> int:
    return max(int(width / 2), 1)
