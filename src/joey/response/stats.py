"""How sure a change between two phases is: blocks, memory, drift, and Welch's interval.

Seconds of a vital sign are not independent samples. A phase is cut into blocks of 10 min or a
little more; the blocks' values carry the uncertainty, corrected for what neighboring blocks still
share. Drift slower than the phases cannot be seen from within them: where the signal's memory is
too long, or both phases drift alike, there is no interval. Knows nothing of features or holds.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from joey.spans import Spans, intersect, total

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = [
    "Difference",
    "IntervalRules",
    "Limit",
    "Part",
    "blocks_of",
    "difference",
    "exceeds",
    "half_width",
    "limit_words",
    "memory_of",
    "tiles",
]

MINUTE = 60.0  # s, the step of the series that memory is measured on
LEAST_MINUTES = 20  # valid minutes of both phases together, below which memory cannot be seen
MEMORIES = np.geomspace(1.0, 14400.0, 240)  # s, the memories that are told apart


@dataclass(frozen=True, slots=True)
class IntervalRules:
    """When a change gets an interval: named, printed, configurable defaults of Joey.

    Parameters
    ----------
    block_min : float
        Shortest block. [min]
    blocks_min : int
        Fewest blocks in either phase.
    block_coverage : float
        Share of a block that must be valid, 0 to 1.
    memory_factor : float
        No interval where memory times this exceeds the shorter phase.
    drift_p : float
        No interval where both phases drift alike with a smaller two-sided p; 0 never withholds.
    hours_p : float
        No interval where, in the hours without a hold, the same difference varies more than the
        interval allows, with a smaller p; 0 never withholds.
    level : float
        Of the interval, 0 to 1.
    """

    block_min: float = 10.0
    blocks_min: int = 3
    block_coverage: float = 0.5
    memory_factor: float = 20.0
    drift_p: float = 0.01
    hours_p: float = 0.05
    level: float = 0.95


class Limit(IntEnum):
    """Why a change has no interval."""

    NONE = 0
    FEW_BLOCKS = 1
    UNCHANGING = 2
    MEMORY_UNKNOWN = 3
    MEMORY = 4
    DRIFT = 5


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """One phase of one measure, or of many alike along the leading axes.

    Parameters
    ----------
    blocks : ndarray of float64, shape (..., k)
        The measure in each block; NaN where too little was valid.
    minutes : ndarray of float64, shape (..., m)
        The measure, or what it is made from, minute by minute; NaN where not measured.
    duration : float
        Length of the phase. [s]
    """

    blocks: NDArray[np.float64]
    minutes: NDArray[np.float64]
    duration: float


@dataclass(frozen=True, slots=True, eq=False)
class Difference:
    """What can be said of the difference of two phases; all of the leading shape of the parts.

    Parameters
    ----------
    half : ndarray of float64
        Half the width of the interval; NaN where `limit` says why there is none.
    unguarded : ndarray of float64
        The same before anything is withheld for memory or drift: for validation, never for show.
    df : ndarray of float64
        Degrees of freedom after Welch and Satterthwaite.
    memory : ndarray of float64
        AR(1)-equivalent memory: the time in which the autocorrelation falls to 1/e. [s]
    drift : ndarray of float64
        Common slope within both phases. [unit/h]
    limit : ndarray of int64
        `Limit` values.
    """

    half: NDArray[np.float64]
    unguarded: NDArray[np.float64]
    df: NDArray[np.float64]
    memory: NDArray[np.float64]
    drift: NDArray[np.float64]
    limit: NDArray[np.int64]


def tiles(phase: Spans, length: float) -> tuple[Spans, ...]:
    """Return the phase in equal consecutive parts, each at least `length` long.

    Parameters
    ----------
    phase : Spans
        A phase; where something was cut out of it, a part may lie on both sides of the cut.
    length : float
        Shortest part. [s]

    Returns
    -------
    tuple of Spans
        All of the phase, in order; none if the phase is shorter than `length`.
    """
    whole = total(phase)
    # A microsecond of slack: times of this century are resolved to a quarter of it.
    count = int((whole + 1e-6) // length)
    if count == 0:
        return ()
    lengths = phase.bounds[:, 1] - phase.bounds[:, 0]
    gone = np.concatenate(([0.0], np.cumsum(lengths)))  # time of the phase before each span
    marks = whole * np.arange(count + 1) / count
    at = np.clip(np.searchsorted(gone, marks, side="right") - 1, 0, len(lengths) - 1)
    edges = phase.bounds[at, 0] + marks - gone[at]
    edges[-1] = phase.bounds[-1, 1]
    return tuple(intersect(phase, Spans.of([(a, b)])) for a, b in pairwise(edges.tolist()))


def blocks_of(phase: Spans, rules: IntervalRules) -> tuple[Spans, ...]:
    """Return the blocks of a phase: equal parts of `block_min` or a little more."""
    return tiles(phase, rules.block_min * 60)


def difference(before: Part, during: Part, rules: IntervalRules | None = None) -> Difference:
    """Return how uncertain the difference of two phases' means is.

    Parameters
    ----------
    before, during : Part
        The two phases, of the same leading shape.
    rules : IntervalRules
        When there is an interval.

    Returns
    -------
    Difference
        The interval is the observed difference plus and minus `half`.

    Notes
    -----
    Welch's t interval [1]_ on block values. Each phase's variance of the mean is multiplied by what
    an AR(1) process of the measured memory makes of it: neighboring blocks share a little (at a
    memory of 100 s a tenth), which makes the plain interval too narrow (93.8 instead of 95 %).
    The measured coverage is in docs/validation.md.

    References
    ----------
    .. [1] B. L. Welch, "The generalization of 'Student's' problem when several different population
       variances are involved", Biometrika, vol. 34, pp. 28-35, 1947,
       :doi:`10.1093/biomet/34.1-2.28`.
    """
    rules = rules or IntervalRules()
    from scipy.special import stdtr, stdtrit  # noqa: PLC0415  (joey imports without scipy)

    memory = memory_of(before.minutes, during.minutes)
    parts = tuple(_spread(part, memory) for part in (before, during))
    (count_b, var_b, factor_b), (count_d, var_d, factor_d) = parts
    few = np.minimum(count_b, count_d) < rules.blocks_min
    with np.errstate(divide="ignore", invalid="ignore"):
        error_b = var_b / count_b * factor_b
        error_d = var_d / count_d * factor_d
        error = error_b + error_d
        df = error**2 / (error_b**2 / (count_b - 1) + error_d**2 / (count_d - 1))
        unguarded = stdtrit(df, 0.5 + rules.level / 2) * np.sqrt(error)
        drift, t, alike = _drift(before, during, (factor_b + factor_d) / 2)
        p = 2 * stdtr(count_b + count_d - 3, -np.abs(t))
    still = ~few & (var_b + var_d == 0)
    unguarded = np.where(few | still, np.nan, unguarded)  # without a memory it is NaN already

    limit = np.full(few.shape, int(Limit.NONE), dtype=np.int64)
    shorter = min(before.duration, during.duration)
    limit[alike & (p < rules.drift_p)] = Limit.DRIFT
    limit[memory * rules.memory_factor > shorter] = Limit.MEMORY
    limit[np.isnan(memory)] = Limit.MEMORY_UNKNOWN
    limit[still] = Limit.UNCHANGING
    limit[few] = Limit.FEW_BLOCKS
    half = np.where(limit == Limit.NONE, unguarded, np.nan)
    return Difference(half, unguarded, df, memory, drift, limit)


def half_width(part: Part, memory: float, rules: IntervalRules) -> tuple[float, Limit]:
    """Return half the width of the interval of one phase's own value, and why there is none.

    Parameters
    ----------
    part : Part
        One phase, without leading axes.
    memory : float
        As of `memory_of`; NaN where unknown. [s]
    rules : IntervalRules
        When there is an interval.
    """
    from scipy.special import stdtrit  # noqa: PLC0415  (joey imports without scipy)

    count, variance, factor = (float(each) for each in _spread(part, np.array(memory)))
    if count < rules.blocks_min:
        return float("nan"), Limit.FEW_BLOCKS
    if not variance > 0:
        return float("nan"), Limit.UNCHANGING
    if np.isnan(memory):
        return float("nan"), Limit.MEMORY_UNKNOWN
    if memory * rules.memory_factor > part.duration:
        return float("nan"), Limit.MEMORY
    error = np.sqrt(variance / count * factor)
    return float(stdtrit(count - 1, 0.5 + rules.level / 2) * error), Limit.NONE


def exceeds(mean_square: float, windows: int, half: float, df: float, rules: IntervalRules) -> bool:
    """Whether the hours without a hold vary more than an interval allows.

    Parameters
    ----------
    mean_square : float
        Of the differences of windows of the hold's shape without a hold. [unit squared]
    windows : int
        How many of these windows do not overlap: the degrees of freedom, a little too few.
    half, df : float
        Of `difference`.
    rules : IntervalRules
        With `hours_p`.

    Notes
    -----
    A one-sided F test of that mean square against the squared standard error of the interval. It
    sees the drift that two neighboring phases cannot.
    """
    from scipy.special import fdtrc, stdtrit  # noqa: PLC0415  (joey imports without scipy)

    if windows < 1 or not (np.isfinite(mean_square) and half > 0):
        return False
    error = half / float(stdtrit(df, 0.5 + rules.level / 2))
    return bool(fdtrc(windows, df, mean_square / error**2) < rules.hours_p)


def limit_words(limit: Limit, rules: IntervalRules) -> str:
    """Return why there is no interval; empty where there is one."""
    return {
        Limit.NONE: "",
        Limit.FEW_BLOCKS: (
            f"no interval: fewer than {rules.blocks_min} valid blocks of {rules.block_min:g} min"
        ),
        Limit.UNCHANGING: "no interval: the values do not vary at this resolution",
        Limit.MEMORY_UNKNOWN: "no interval: too few valid minutes to see how slowly it drifts",
        Limit.MEMORY: "no interval: this signal drifts slower than the phases",
        Limit.DRIFT: "no interval: this signal drifts through both phases alike",
    }[limit]


def _spread(
    part: Part, memory: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return number of blocks, their variance, and the factor that memory puts on it."""
    known = np.isfinite(part.blocks)
    count = known.sum(axis=-1).astype(np.float64)
    residual = _residual(part.blocks)
    with np.errstate(divide="ignore", invalid="ignore"):
        variance = np.where(count > 1, (residual**2).sum(axis=-1) / (count - 1), np.nan)
    blocks = part.blocks.shape[-1]
    factor = np.ones(count.shape)
    if blocks > 1:
        table = _factors(blocks, round(part.duration / blocks, 3))
        factor = np.interp(memory, MEMORIES, table)
    return count, variance, factor


def _residual(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the values less their mean along the last axis; zero where there is none."""
    known = np.isfinite(values)
    count = np.maximum(known.sum(axis=-1, keepdims=True), 1)
    filled = np.where(known, values, 0.0)
    return np.where(known, filled - filled.sum(axis=-1, keepdims=True) / count, 0.0)


def memory_of(*phases: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the memory of a signal from its minute-by-minute values in several phases.

    Parameters
    ----------
    *phases : ndarray of float64, shape (..., m)
        One array per phase, NaN where not measured. Each phase keeps its own mean.

    Returns
    -------
    ndarray of float64, shape (...)
        The memory of the AR(1) process whose 1-min means show the measured lag-1 correlation. [s]
        NaN with fewer than 20 minutes in all, without any phase, or where nothing varies.

    Notes
    -----
    Subtracting a mean estimated from n minutes lowers the measured correlation; the expected values
    of both sums for this n are computed for each memory and the measured ratio is looked up among
    them, so the small-sample bias is taken out to first order.
    """
    if not phases:
        return np.array(np.nan)
    leading = np.broadcast_shapes(*(each.shape[:-1] for each in phases))
    square = np.zeros(leading)
    product = np.zeros(leading)
    minutes = np.zeros(leading)
    for each in phases:
        known = np.isfinite(each)
        residual = _residual(each)
        count = known.sum(axis=-1)
        pairs = (known[..., 1:] & known[..., :-1]).sum(axis=-1)
        square += (residual**2).sum(axis=-1)
        # Missing minutes take pairs away: the sum stands for all count - 1 of them.
        with np.errstate(divide="ignore", invalid="ignore"):
            share = np.where(pairs > 0, (count - 1) / pairs, 0.0)
        product += share * (residual[..., 1:] * residual[..., :-1]).sum(axis=-1)
        minutes += count
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = product / square
    found = np.full(leading, np.nan)
    counts = np.stack([np.broadcast_to(np.isfinite(e).sum(axis=-1), leading) for e in phases], -1)
    usable = (minutes >= LEAST_MINUTES) & (square > 0)
    for row in np.unique(counts[usable], axis=0) if usable.any() else ():
        here = usable & np.all(counts == row, axis=-1)
        found[here] = np.interp(ratio[here], _ratios(tuple(int(n) for n in row)), MEMORIES)
    return found


def _autocovariance(memory: NDArray[np.float64], width: float, lags: int) -> NDArray[np.float64]:
    """Return the autocovariance of means over `width` of a unit AR(1), shape (..., lags)."""
    a = (memory / width)[..., np.newaxis]
    fall = np.exp(-1 / a)
    lag = np.arange(1, lags)
    rest = (a * (1 - fall)) ** 2 * fall ** (lag - 1)
    return np.concatenate((2 * a * (1 - a * (1 - fall)), rest), axis=-1)


def _variance_of_mean(covariance: NDArray[np.float64]) -> NDArray[np.float64]:
    n = covariance.shape[-1]
    weight = (n - np.arange(n)) * np.where(np.arange(n) == 0, 1, 2) / n**2
    return np.asarray(covariance @ weight)


@lru_cache(maxsize=512)
def _ratios(counts: tuple[int, ...]) -> NDArray[np.float64]:
    """Return the expected lag-1 ratio of residual 1-min means, for each of MEMORIES."""
    square = np.zeros(len(MEMORIES))
    product = np.zeros(len(MEMORIES))
    for n in counts:
        if n < 2:
            continue
        covariance = _autocovariance(MEMORIES, MINUTE, n)
        mean = _variance_of_mean(covariance)
        square += n * (covariance[:, 0] - mean)
        product += (n - 1) * covariance[:, 1] - (n + 1) * mean + 2 / n * covariance.sum(axis=-1)
    # Rounding makes the far end of the table wave by parts in 1e12; interp wants it to rise.
    return np.maximum.accumulate(product / square)


@lru_cache(maxsize=512)
def _factors(blocks: int, width: float) -> NDArray[np.float64]:
    """Return true over apparent variance of the mean of blocks, for each of MEMORIES."""
    covariance = _autocovariance(MEMORIES, width, blocks)
    mean = _variance_of_mean(covariance)
    apparent = (covariance[:, 0] - mean) / (blocks - 1)
    return np.asarray(mean / apparent)


def _drift(
    before: Part, during: Part, factor: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.bool_]]:
    """Return the common slope [1/h], its t, and whether both phases slope the same way."""
    moments, weights, squares, counts = [], [], [], []
    for part in (before, during):
        k = part.blocks.shape[-1]
        hours = np.arange(k) * (part.duration / max(k, 1) / 3600)
        times = _residual(np.where(np.isfinite(part.blocks), hours, np.nan))
        values = _residual(part.blocks)
        moments.append((times * values).sum(axis=-1))
        weights.append((times**2).sum(axis=-1))
        squares.append((values**2).sum(axis=-1))
        counts.append(np.isfinite(part.blocks).sum(axis=-1))
    weight = weights[0] + weights[1]
    slope = (moments[0] + moments[1]) / weight
    left = np.maximum(squares[0] + squares[1] - slope**2 * weight, 0.0)
    error = np.sqrt(left / (counts[0] + counts[1] - 3) / weight * factor)
    return slope, slope / error, np.asarray(moments[0] * moments[1] > 0)
