"""Sample entropy: how often a stretch that repeats goes on repeating.

Takes intervals in which NaN marks every break, as `joey.features.variability` does. Two values
match where ``|a - b| <= r`` as double numbers, which is exact for any values; where values carry
the rounding of a time and should lie on a grid, they can be compared as whole ticks of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import log, nan
from typing import TYPE_CHECKING

import numpy as np

from joey.features.inputs import values_in
from joey.features.matching import cross_matches, own_matches, ranked, ranked_ticks
from joey.signals import runs_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = [
    "CrossEntropy",
    "SampleEntropy",
    "count_matches",
    "measure_cross_entropy",
    "measure_multiscale_entropy",
    "measure_sample_entropy",
]

WHOLE = 2**31  # whole numbers below it have sums of neighbors, and differences, without rounding
FEWEST = 20  # matches of m + 1 points, below which the ratio says nothing
NEARLY = 1e-6  # ticks: by which a tolerance that should be whole may have been rounded down


@dataclass(frozen=True, slots=True)
class SampleEntropy:
    """Sample entropy with its counts.

    Parameters
    ----------
    value : float
        -ln(a / b); NaN where it rests on too few matches. [nat]
    a, b : int
        Pairs that match over m + 1 and over m points.
    r_ms : float
        The tolerance that was used. [ms]
    reason : str
        Why there is no value; empty where there is.
    """

    value: float
    a: int
    b: int
    r_ms: float
    reason: str = ""


@dataclass(frozen=True, slots=True)
class CrossEntropy:
    """Cross-sample entropy of two series with its counts.

    Parameters
    ----------
    value : float
        -ln(a / b); NaN where it rests on too few matches. [nat]
    a, b : int
        Pairs, one stretch of each series, that match over m + 1 and over m points.
    r : float
        The tolerance, as a share of each series' standard deviation.
    reason : str
        Why there is no value; empty where there is.
    """

    value: float
    a: int
    b: int
    r: float
    reason: str = ""


def measure_sample_entropy(
    nn: NDArray[np.float64], *, m: int = 3, r: float = 0.2, tick_ms: float | None = None
) -> SampleEntropy:
    """Return SampEn(m, r x SD) of NN intervals, or of any series.

    Parameters
    ----------
    nn : ndarray of float64, shape (n,)
        NN intervals, NaN at breaks: no template crosses one. [ms]
    m : int, default 3
        Points that must match before the one that is asked about.
    r : float, default 0.2
        Tolerance as a share of the intervals' standard deviation (n - 1).
    tick_ms : float, optional
        Intervals are rounded to whole ticks first, such as 0.001 ms. Give it where beats lie on a
        grid and intervals carry the rounding of their times: a distance of exactly the tolerance is
        a match then. [ms]

    Returns
    -------
    SampleEntropy
        NaN with a reason where fewer than 20 pairs match over m + 1 points.

    Notes
    -----
    Two points match where they differ by at most the tolerance (``<=``), as double numbers: counts
    are those of every pair compared one by one. Matches over m and over m + 1 points are counted
    over the same templates, without self-matches [1]_. In another unit the result is the same, and
    `r_ms` is in that unit.

    References
    ----------
    .. [1] D. E. Lake, J. S. Richman, M. P. Griffin, J. R. Moorman, "Sample entropy analysis of
       neonatal heart rate variability", Am. J. Physiol. Regul., vol. 283, pp. R789-R797, 2002,
       :doi:`10.1152/ajpregu.00069.2002`.

    Examples
    --------
    >>> nn = 400.0 + np.tile([0.0, 4.0, 12.0, 8.0], 50)
    >>> found = measure_sample_entropy(nn, m=2)
    >>> round(found.value, 3), found.a, found.b
    (0.0, 4802, 4802)
    """
    nn = values_in(nn)
    known = np.isfinite(nn)
    if int(np.count_nonzero(known)) < 2:
        return SampleEntropy(nan, 0, 0, nan, "fewer than two intervals")
    r_ms = r * float(np.std(nn if known.all() else nn[known], ddof=1))
    values, tolerance = _values(nn, known, r_ms, tick_ms)
    a, b = _counts(values, _whole(known, m), m, tolerance)
    return SampleEntropy(*_entropy(a, b, m), r_ms, _doubt(a, m, "intervals"))


def measure_multiscale_entropy(
    nn: NDArray[np.float64],
    *,
    scales: int = 20,
    m: int = 2,
    r: float = 0.15,
    tick_ms: float | None = None,
) -> tuple[SampleEntropy, ...]:
    """Return the sample entropy of NN intervals averaged over 1, 2 ... neighbors.

    Parameters
    ----------
    nn : ndarray of float64, shape (n,)
        NN intervals, NaN at breaks. [ms]
    scales : int, default 20
        Largest number of neighbors, after [1]_.
    m : int, default 2
        Points that must match before the one that is asked about, after [1]_.
    r : float, default 0.15
        Tolerance as a share of the standard deviation (n - 1) of the intervals themselves, after
        [1]_; it is the same for all scales.
    tick_ms : float, optional
        As for `measure_sample_entropy`. [ms]

    Returns
    -------
    tuple of SampleEntropy, length `scales`
        From scale 1 on; NaN with a reason where fewer than 20 pairs match over m + 1 points, as at
        large scales of a short recording.

    Notes
    -----
    Means of neighbors do not overlap. Of whole numbers (intervals on a grid of milliseconds, ticks)
    sums are compared, so that a difference equal to the tolerance is a match at every scale; of
    others the means, as double numbers. Averaging begins anew after a break, and what
    does not fill a mean is left out: neither a mean nor a template crosses a break.

    References
    ----------
    .. [1] M. Costa, A. L. Goldberger, C.-K. Peng, "Multiscale entropy analysis of complex
       physiologic time series", Phys. Rev. Lett., vol. 89, 068102, 2002,
       :doi:`10.1103/PhysRevLett.89.068102`.

    Examples
    --------
    Noise loses its entropy as it is averaged.

    >>> nn = np.random.default_rng(0).normal(400.0, 10.0, 2000)
    >>> [round(each.value, 1) for each in measure_multiscale_entropy(nn, scales=4)]
    [2.5, 2.1, 2.0, 1.7]
    """
    if scales < 1:
        msg = f"scales are counted from 1, so ask for at least 1 of them, not {scales}"
        raise ValueError(msg)
    nn = values_in(nn)
    known = np.isfinite(nn)
    if int(np.count_nonzero(known)) < 2:
        return (SampleEntropy(nan, 0, 0, nan, "fewer than two intervals"),) * scales
    r_ms = r * float(np.std(nn[known], ddof=1))
    values, tolerance = _values(nn, known, r_ms, tick_ms)
    runs = runs_of(known)
    upto = _sums_upto(values)
    found = []
    for scale in range(1, scales + 1):
        means, whole = _coarse(values, upto, runs, scale, m)
        a, b = _counts(means, whole, m, _at_scale(tolerance, values, scale))
        doubt = _doubt(a, m, f"means of {scale}")
        found.append(SampleEntropy(*_entropy(a, b, m), r_ms, doubt))
    return tuple(found)


def measure_cross_entropy(
    x: NDArray[np.float64], y: NDArray[np.float64], *, m: int = 2, r: float = 0.2
) -> CrossEntropy:
    """Return the cross-sample entropy of two series: how alike their patterns are.

    Parameters
    ----------
    x, y : ndarray of float64, shape (n,) and (k,)
        The series, each in its own unit, NaN at breaks: no template crosses one. They need not have
        one clock or one length, but one sampling rate.
    m : int, default 2
        Points that must match before the one that is asked about.
    r : float, default 0.2
        Tolerance as a share of the standard deviation.

    Returns
    -------
    CrossEntropy
        The same with `x` and `y` exchanged. NaN with a reason where a series does not vary, and
        where fewer than 20 pairs match over m + 1 points.

    Notes
    -----
    Each series has its mean taken off and is divided by its standard deviation (n - 1), after [1]_.
    Two points match where the results differ by at most `r` (``<=``), as double numbers: values are
    not on a common grid any more, so that there are no ticks to compare. Matches over m and over
    m + 1 points are counted over the same templates; every template of `x` meets every one of `y`.

    References
    ----------
    .. [1] J. S. Richman, J. R. Moorman, "Physiological time-series analysis using approximate
       entropy and sample entropy", Am. J. Physiol. Heart Circ. Physiol., vol. 278, pp. H2039-H2049,
       2000, :doi:`10.1152/ajpheart.2000.278.6.H2039`.

    Examples
    --------
    >>> t = np.arange(300)
    >>> wave = np.sin(t / 5)
    >>> noise = np.random.default_rng(1).normal(size=300)
    >>> measure_cross_entropy(wave, 3 * wave).value < measure_cross_entropy(wave, noise).value
    True
    """
    _check(m, r)
    kept = []
    for given in (x, y):
        series = values_in(given)
        known = np.isfinite(series)
        sd = float(np.std(series[known], ddof=1)) if np.count_nonzero(known) > 1 else 0.0
        if not sd > 0.0:
            return CrossEntropy(nan, 0, 0, r, "a series that does not vary")
        standard = np.where(known, (series - np.mean(series[known])) / sd, 0.0)
        kept.append((ranked(standard), _whole(known, m)))
    a, b = cross_matches(*kept[0], *kept[1], m, r)
    return CrossEntropy(*_entropy(a, b, m), r, _doubt(a, m, "points"))


def count_matches(
    values: NDArray[np.float64] | NDArray[np.integer],
    known: NDArray[np.bool_],
    m: int,
    tolerance: float,
) -> tuple[int, int]:
    """Return how many pairs of templates match over m + 1 and over m points.

    Parameters
    ----------
    values : ndarray of float64 or whole numbers below 2**53, shape (n,)
        The series.
    known : ndarray of bool, shape (n,)
        Where it is known: a template of m + 1 points with an unknown one is left out of both.
    m : int
        Points of the shorter match, at least 1.
    tolerance : float
        Largest difference that is a match, in the unit of the values.
    """
    _check(m, tolerance)
    return _counts(values, _whole(known, m), m, tolerance)


def _counts(
    values: NDArray[np.float64] | NDArray[np.integer],
    whole: NDArray[np.bool_],
    m: int,
    tolerance: float,
) -> tuple[int, int]:
    if not whole.any():
        return 0, 0
    if np.issubdtype(values.dtype, np.integer):
        return own_matches(ranked_ticks(values.astype(np.int64)), whole, m, tolerance)
    return own_matches(ranked(values.astype(np.float64)), whole, m, tolerance)


def _values(
    nn: NDArray[np.float64], known: NDArray[np.bool_], r_ms: float, tick_ms: float | None
) -> tuple[NDArray[np.float64] | NDArray[np.int64], float]:
    """Return what is compared and its tolerance: ticks or whole numbers if it may be, else doubles.

    A sample that is not known takes a value that is there: no template has it.
    """
    filled = nn if known.all() else np.where(known, nn, nn[known.argmax()])
    if tick_ms is not None:
        ticks = np.rint(filled / tick_ms)
        return ticks.astype(np.int64), r_ms / tick_ms + NEARLY
    ticks = np.rint(filled)
    # The doubles themselves, but quicker to rank, and with sums that are not rounded.
    if np.array_equal(ticks, filled) and float(np.max(np.abs(ticks))) < WHOLE:
        return ticks.astype(np.int64), r_ms
    return np.asarray(filled, dtype=np.float64), r_ms


def _whole(known: NDArray[np.bool_], m: int) -> NDArray[np.bool_]:
    """Return where a template of m + 1 known points begins."""
    whole = known.copy()
    for ahead in range(1, min(m, len(known)) + 1):
        whole[: len(known) - ahead] &= known[ahead:]
        whole[len(known) - ahead :] = False
    return whole


def _sums_upto(
    values: NDArray[np.float64] | NDArray[np.int64],
) -> NDArray[np.int64] | None:
    """Return the sums of what is before each sample and of all, of whole numbers."""
    if not np.issubdtype(values.dtype, np.integer):
        return None  # differences of sums would be rounded otherwise than sums
    upto = np.zeros(len(values) + 1, np.int64)
    np.cumsum(values, out=upto[1:])
    return upto


def _coarse(
    values: NDArray[np.float64] | NDArray[np.int64],
    upto: NDArray[np.int64] | None,
    runs: NDArray[np.int64],
    scale: int,
    m: int,
) -> tuple[NDArray[np.float64] | NDArray[np.int64], NDArray[np.bool_]]:
    """Return the means of `scale` neighbors (of whole numbers: sums), and where templates begin."""
    boxes = (runs[:, 1] - runs[:, 0]) // scale
    bounds = list(zip(runs[:, 0].tolist(), (runs[:, 0] + boxes * scale).tolist(), strict=True))
    ends = np.cumsum(boxes)
    whole = np.ones(ends[-1], dtype=np.bool_)
    for back in range(1, m + 1):
        whole[ends[boxes >= back] - back] = False
    if upto is not None:
        return np.concatenate([np.diff(upto[lo : hi + 1 : scale]) for lo, hi in bounds]), whole
    rows = [values[lo:hi].reshape(-1, scale).sum(axis=1) for lo, hi in bounds]
    return np.concatenate(rows) / scale, whole


def _at_scale(
    tolerance: float, values: NDArray[np.float64] | NDArray[np.int64], scale: int
) -> float:
    """Return the tolerance of what `_coarse` returns."""
    return scale * tolerance if np.issubdtype(values.dtype, np.integer) else tolerance


def _entropy(a: int, b: int, m: int) -> tuple[float, int, int]:
    return (nan if _doubt(a, m, "") else log(b / a)), a, b


def _doubt(a: int, m: int, what: str) -> str:
    return f"only {a} matches of {m + 1} {what}" if a < FEWEST else ""


def _check(m: int, tolerance: float) -> None:
    if m < 1 or tolerance < 0:
        msg = f"m is at least 1 and the tolerance not negative, not {m} and {tolerance}"
        raise ValueError(msg)
