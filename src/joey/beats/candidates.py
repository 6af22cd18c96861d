"""From samples to candidate beats: filters on integers, each a pure function of nearby samples.

All sums are integer sums, so a candidate is the same whatever the chunking. A *recipe* says how
wide the filters are; ECG and pleth differ in nothing else.

```
band  = box(short) - box(long)         symmetric, finite: fixed delay of half the long box
slope = band[i+1] - band[i]
energy = sum of |slope| over `gather`; of the steeper limb alone where that is timed (pleth)
candidate: the largest energy within +-NEIGHBOR_S
timed = box(fine) - box(baseline)      wide enough that a deflection keeps its own sign and size
```
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from fractions import Fraction

    from numpy.typing import NDArray

__all__ = ["ECG", "NEIGHBOR_S", "PLETH", "Candidates", "Recipe", "Widths", "candidates", "widths"]

TURN_S = 2.0  # s to either side that tell whether a pleth is upside down
TURNED = 0.13  # (rising - falling) / all samples: an upright pulse rises faster than it falls
NEIGHBOR_S = 0.15  # s, no two beats are closer; at 300 beats/min they are 0.20 s apart


@dataclass(frozen=True, slots=True)
class Recipe:
    """Filter widths for one kind of signal.

    Parameters
    ----------
    short, long : float
        Boxes whose difference is the band. [s]
    fine, baseline : float
        Box that a beat is timed in: half the width of a narrow R wave; and box whose mean is the
        level a deflection is measured from. [s]
    gather : float
        Over which slopes are summed: the length of the steep part of a beat. [s]
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
    around: float
    steepest: bool


# A 20 ms box removes 50 Hz hum; 100 ms keeps a neonatal QRS of 50-80 ms and drops P, T and drift.
ECG = Recipe(
    short=0.020, long=0.100, fine=0.010, baseline=0.300, gather=0.060, around=0.060, steepest=False
)
PLETH = Recipe(
    short=0.060, long=0.500, fine=0.060, baseline=0.500, gather=0.080, around=0.080, steepest=True
)


@dataclass(frozen=True, slots=True)
class Widths:
    """A recipe in samples of one sampling frequency."""

    short: int
    long: int
    fine: int
    baseline: int
    gather: int
    around: int
    neighbor: int
    turn: int
    steepest: bool

    @property
    def reach(self) -> int:
        """Samples on either side that the energy of one sample rests on."""
        return self.long // 2 + self.gather // 2 + 2

    @property
    def context(self) -> int:
        """Samples on either side that a candidate rests on."""
        return max(self.reach, self.baseline) + self.neighbor + self.around + self.turn + 2


def widths(recipe: Recipe, fs: Fraction) -> Widths:
    """Return the recipe's widths in samples; boxes are odd so that they are symmetric."""
    return Widths(
        short=_odd(recipe.short * fs),
        long=_odd(recipe.long * fs),
        fine=_odd(recipe.fine * fs),
        baseline=_odd(recipe.baseline * fs),
        gather=_odd(recipe.gather * fs),
        around=max(round(recipe.around * fs), 2),
        neighbor=max(round(NEIGHBOR_S * fs), 2),
        turn=round(TURN_S * fs) if recipe.steepest else 0,
        steepest=recipe.steepest,
    )


def _odd(width: float | Fraction) -> int:
    return max(2 * int(width / 2) + 1, 3)


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    """Where a beat may be.

    Parameters
    ----------
    at : ndarray of int64, shape (n,)
        Sample index of the largest energy.
    energy : ndarray of int64, shape (n,)
        The energy there. [counts x box widths]
    high, low : ndarray of int64, shape (n,)
        Largest and negated smallest value of the timed signal around it.
    at_high, at_low : ndarray of int64, shape (n,)
        Sample indices of the two.
    shift_high, shift_low : ndarray of float64, shape (n,)
        Sub-sample parts of the two: a parabola through three samples. Kept apart from the index,
        so that the one rounding does not depend on where a window begins. [samples]
    """

    at: NDArray[np.int64]
    energy: NDArray[np.int64]
    high: NDArray[np.int64]
    low: NDArray[np.int64]
    at_high: NDArray[np.int64]
    at_low: NDArray[np.int64]
    shift_high: NDArray[np.float64]
    shift_low: NDArray[np.float64]


def candidates(
    counts: NDArray[np.integer], valid: NDArray[np.bool_], w: Widths, lo: int, hi: int
) -> tuple[Candidates, NDArray[np.bool_]]:
    """Return the candidates with index in [lo, hi), and where in [lo, hi) there could be one.

    Parameters
    ----------
    counts, valid : ndarray, shape (n,)
        Samples and whether each was measured. What lies outside the array counts as not measured.
    w : Widths
        The filters.
    lo, hi : int
        Range of sample indices asked for.
    """
    from joey.beats import peaks as kernels  # noqa: PLC0415  loads Numba

    a, b = lo - w.context, hi + w.context
    x, ok = _padded(counts, valid, a, b)
    band = w.long * _box(x, w.short) - w.short * _box(x, w.long)
    slope = np.zeros_like(band)
    slope[:-1] = np.diff(band)
    if w.steepest:
        slope = _upright(slope, w.turn)
        energy = _box(np.maximum(slope, 0), w.gather)
    else:
        energy = _box(np.abs(slope), w.gather)
    # An energy that rests on a sample not measured is none: an edge looks like a beat.
    searched = _box(ok.astype(np.int64), 2 * w.reach + 1) == 2 * w.reach + 1
    energy[~searched] = 0
    timed = slope if w.steepest else w.baseline * _box(x, w.fine) - w.fine * _box(x, w.baseline)
    at = kernels.peaks(energy, w.neighbor)
    at = at[(at >= lo - a) & (at < hi - a)]
    high, low = kernels.extremes(timed, at, w.around)
    # A slope lies between its two samples.
    half = 0.5 if w.steepest else 0.0
    found = Candidates(
        at + a,
        energy[at],
        timed[high],
        -timed[low],
        high + a,
        low + a,
        _shift(timed, high) + half,
        _shift(timed, low) + half,
    )
    return found, searched[lo - a : hi - a]


def _upright(slope: NDArray[np.int64], turn: int) -> NDArray[np.int64]:
    """Return the slope with its sign changed where the signal is upside down."""
    rising = _box(np.sign(slope), 2 * turn + 1)
    return np.where(rising > TURNED * (2 * turn + 1), -slope, slope)


def _padded(
    counts: NDArray[np.integer], valid: NDArray[np.bool_], a: int, b: int
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    x = np.zeros(b - a, dtype=np.int64)
    ok = np.zeros(b - a, dtype=np.bool_)
    lo, hi = max(a, 0), min(b, len(counts))
    if lo < hi:
        x[lo - a : hi - a] = counts[lo:hi]
        ok[lo - a : hi - a] = valid[lo:hi]
    return _held(x, ok), ok


def _held(x: NDArray[np.int64], ok: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return the samples with each gap filled from its nearer side.

    No energy rests on them; without them the level beside a gap would be that of zeros.
    """
    if ok.all() or not ok.any():
        return x
    at = np.arange(len(x))
    before = np.maximum.accumulate(np.where(ok, at, -len(x)))
    after = np.minimum.accumulate(np.where(ok, at, 2 * len(x))[::-1])[::-1]
    return x[np.where(at - before <= after - at, before, np.minimum(after, len(x) - 1))]


def _box(x: NDArray[np.int64], width: int) -> NDArray[np.int64]:
    """Return the centred sum over `width` samples; zeros are assumed outside."""
    half = width // 2
    # A slice difference of one running sum: gathering by index would cost three times as much.
    sums = np.zeros(len(x) + 2 * half + 1, dtype=np.int64)
    np.cumsum(x, out=sums[half + 1 : half + 1 + len(x)])
    sums[half + 1 + len(x) :] = sums[half + len(x)]
    return sums[width:] - sums[:-width]


def _shift(timed: NDArray[np.int64], best: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the top of the parabola through the three samples around each place. [samples]"""
    left, top, right = timed[best - 1], timed[best], timed[best + 1]
    bend = left - 2 * top + right
    shift = np.divide(0.5 * (left - right), bend, out=np.zeros(len(best)), where=bend != 0)
    return np.asarray(np.clip(shift, -0.5, 0.5), dtype=np.float64)
