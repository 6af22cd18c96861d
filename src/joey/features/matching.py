"""How many templates of a series match: the counts below every sample entropy.

Exact for any finite values: which values lie within the tolerance of another is found once, by the
comparison |a - b| <= r itself, and everything after that is done with ranks. Knows no units and
no physiology.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from joey.features.variability import Ranks

__all__ = ["Ranked", "cross_matches", "own_matches", "ranked", "ranked_ticks", "windows_matches"]

LANES = 64  # templates compared at once
LINE = 64  # bytes: of the cache
# What the two ways of counting cost, roughly: both are exact, so that only time hangs on these.
TEMPLATE_NS = 15.0  # sweep: to write one template and begin with it
WORD_NS = 1.2  # sweep: 64 comparisons
CELL_NS = 0.6  # table: one sum along one axis
CORNER_NS = 1.5  # table: one corner of a box
MOST_KEYS = 1 << 62  # of templates as whole numbers
MOST_CELLS = 1 << 24  # of the table: 64 MiB


@dataclass(frozen=True, slots=True, eq=False)
class Ranked:
    """A series by rising value.

    Parameters
    ----------
    order : ndarray of int32, shape (n,)
        Samples, that of the smallest value first.
    rank : ndarray of int32, shape (n,)
        Which of the distinct values each sample is.
    distinct : ndarray of float64
        The distinct values, rising.
    """

    order: NDArray[np.int32]
    rank: NDArray[np.int32]
    distinct: NDArray[np.float64]


def ranked(values: NDArray[np.float64]) -> Ranked:
    """Return a series of finite values, ranked."""
    from joey.features.kernels import rank_values  # noqa: PLC0415 - numba is slow to import

    values = np.ascontiguousarray(values, dtype=np.float64)
    bits = values.view(np.uint64)
    # As whole numbers, doubles rise with their value; negative ones fall, and come first.
    sign = np.uint64(1 << 63)
    keys = bits if bits.max() < sign else np.where(bits & sign, ~bits, bits | sign)
    keys = keys - keys.min()
    return Ranked(*rank_values(values, keys, max(int(keys.max()).bit_length(), 1)))


def ranked_ticks(ticks: NDArray[np.int64]) -> Ranked:
    """Return a series of whole numbers below 2**53, ranked."""
    from joey.features.kernels import rank_values  # noqa: PLC0415 - as above

    keys = (ticks - ticks.min()).astype(np.uint64)
    bits = max(int(keys.max()).bit_length(), 1)
    return Ranked(*rank_values(ticks.astype(np.float64), keys, bits))


def own_matches(
    series: Ranked, whole: NDArray[np.bool_], m: int, tolerance: float
) -> tuple[int, int]:
    """Return how many pairs of templates of one series match over m + 1 and over m points.

    Parameters
    ----------
    series : Ranked
        At least m + 1 samples.
    whole : ndarray of bool, shape (n,)
        Whether a template of m + 1 points begins at a sample; never at the last m.
    m : int
        Points of the shorter match, at least 1.
    tolerance : float
        Largest difference of two points that match, in the unit of the values.
    """
    from joey.features.kernels import count_by_table, reach_own  # noqa: PLC0415 - as above

    low, high = reach_own(series.distinct, tolerance)
    kinds = len(series.distinct)
    if kinds ** (m + 1) < MOST_KEYS and np.all(high - low == 1):
        return _identical_pairs(series.rank, whole, m, kinds)
    if _table_is_quicker(series, m, low, high):
        a, b = count_by_table(series.rank, whole, low, high, m)
    else:
        a, b = _sweep(series, whole, series, whole, m, low, high)
    return int(a), int(b)


def _identical_pairs(
    rank: NDArray[np.int32], whole: NDArray[np.bool_], m: int, kinds: int
) -> tuple[int, int]:
    """Return what `own_matches` counts where no two values match: pairs of equal templates.

    So it is on the grid of a monitor whose step is longer than the tolerance.
    """
    at = np.flatnonzero(whole)
    keys = rank[at].astype(np.min_scalar_type(-(kinds ** (m + 1))))
    for ahead in range(1, m + 1):
        keys *= kinds
        keys += rank[at + ahead]
    keys.sort()
    return _equal_pairs(keys), _equal_pairs(keys // kinds)


def _equal_pairs(rising: NDArray[np.signedinteger]) -> int:
    edges = np.flatnonzero(rising[1:] != rising[:-1]) + 1
    often = np.diff(edges, prepend=0, append=len(rising))
    return int(np.sum(often * (often - 1)) // 2)


def cross_matches(
    asked: Ranked,
    asked_whole: NDArray[np.bool_],
    searched: Ranked,
    searched_whole: NDArray[np.bool_],
    m: int,
    tolerance: float,
) -> tuple[int, int]:
    """Return how many pairs, one template of each series, match over m + 1 and over m points.

    Parameters
    ----------
    asked, searched : Ranked
        The two series.
    asked_whole, searched_whole : ndarray of bool
        Whether a template of m + 1 points begins at a sample; never at the last m.
    m, tolerance
        As in `own_matches`.
    """
    from joey.features.kernels import reach  # noqa: PLC0415 - as above

    low, high = reach(asked.distinct, searched.distinct, tolerance)
    a, b = _sweep(asked, asked_whole, searched, searched_whole, m, low, high)
    return int(a), int(b)


def windows_matches(
    ranked: Ranks, lengths: NDArray[np.int64], tolerances: NDArray[np.float64]
) -> NDArray[np.int64]:
    """Return what `own_matches` counts for m = 2 and m = 3, of many short series at once.

    Parameters
    ----------
    ranked : Ranks
        The series, one a row, with breaks.
    lengths : ndarray of int64, shape (w,)
        How much of each row is its series.
    tolerances : ndarray of float64, shape (w,)
        Largest difference that is a match; NaN: none is. [ticks]

    Returns
    -------
    ndarray of int64, shape (4, w)
        Pairs that match over 3 and over 2 points (m = 2); over 4 and over 3 (m = 3).
    """
    from joey.features.kernels import count_windows  # noqa: PLC0415 - as above

    wide = ranked.ranks.shape[1]
    points = _aligned(3, wide, np.dtype(np.uint16 if wide < 1 << 16 else np.uint32))
    goes_on = np.zeros(points.shape[1] // LANES, np.uint64)
    sizes = np.stack((ranked.n, ranked.kinds)).astype(np.int64)
    out = np.empty((4, len(lengths)), np.int64)
    count_windows(
        ranked.order,
        ranked.ranks,
        ranked.values,
        sizes,
        np.ascontiguousarray(lengths),
        tolerances,
        points,
        goes_on,
        out,
    )
    return out


def _sweep(
    asked: Ranked,
    asked_whole: NDArray[np.bool_],
    searched: Ranked,
    searched_whole: NDArray[np.bool_],
    m: int,
    low: NDArray[np.int32],
    high: NDArray[np.int32],
) -> tuple[int, int]:
    from joey.features.kernels import arrange, count_by_sweep  # noqa: PLC0415 - as above

    width = np.min_scalar_type(max(len(asked.distinct), len(searched.distinct)))
    itself = asked is searched
    points, before = _arranged(arrange, searched, searched_whole, m, width)
    of_asked = points if itself else _arranged(arrange, asked, asked_whole, m, width)[0]
    spans = (high - low).astype(width)
    templates = int(np.count_nonzero(asked_whole))
    found: tuple[int, int] = count_by_sweep(
        of_asked, templates, points, low.astype(width), spans, before, itself
    )
    return found


def _arranged(
    arrange: Callable[..., None],
    series: Ranked,
    whole: NDArray[np.bool_],
    m: int,
    width: np.dtype[Any],
) -> tuple[NDArray[Any], NDArray[np.int32]]:
    points = _aligned(m + 1, int(np.count_nonzero(whole)), width)
    before = np.empty(len(series.distinct) + 1, np.int32)
    arrange(series.order, whole, series.rank.astype(width), points, before)
    return points, before


def _aligned(m: int, count: int, dtype: np.dtype[Any]) -> NDArray[Any]:
    """Return m rows of zeros, of whole words that each lie within a line of the cache."""
    row = -(-count // LANES) * LANES
    words = np.zeros(m * row + LINE, dtype)
    ahead = -words.ctypes.data % LINE // words.itemsize
    return words[ahead : ahead + m * row].reshape(m, row)


def _table_is_quicker(
    series: Ranked, m: int, low: NDArray[np.int32], high: NDArray[np.int32]
) -> bool:
    n, axes = len(series.rank), m + 1
    cells = (len(series.distinct) + 1) ** axes
    table_ns = cells * (axes + 1) * CELL_NS + min(n, cells) * (CORNER_NS * 2**axes)
    most_ns = n * (TEMPLATE_NS + n / (2 * LANES) * m * WORD_NS)  # were every first value a match
    if cells > MOST_CELLS or table_ns > most_ns:
        return False
    often = np.bincount(series.rank)
    upto = np.concatenate(([0], np.cumsum(often)))
    pairs = float(often @ (upto[high] - upto[low])) / 2
    return bool(table_ns < n * TEMPLATE_NS + pairs / LANES * m * WORD_NS)
