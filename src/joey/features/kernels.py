"""Loops that cannot be array operations, compiled by numba at their first use.

Every kernel has its declared signatures: importing this module compiles them, or loads what an
earlier import compiled. Arrays come in C order and writable.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from joey.compiled import kernel

if TYPE_CHECKING:
    from numba.core.base import BaseContext
    from numba.core.typing import Context, Signature
    from numpy.typing import NDArray

    Build: TypeAlias = Callable[
        [BaseContext, ir.IRBuilder, Signature, tuple[ir.Value, ...]], ir.Value
    ]
    Ranks: TypeAlias = NDArray[np.uint8] | NDArray[np.uint16] | NDArray[np.uint32]

__all__ = [
    "arrange",
    "count_by_sweep",
    "count_by_table",
    "count_windows",
    "rank_values",
    "reach",
    "reach_own",
]

LANES = 64  # comparisons made at once, one bit of a word each
ALL = np.uint64(0xFFFFFFFFFFFFFFFF)
DIGIT_BITS = 11  # a table of 2,048 places fits the first cache
DIGITS = 1 << DIGIT_BITS
DIGIT = np.uint64(DIGITS - 1)


@intrinsic
def _within(
    _context: Context, ranks: types.Array, _at: types.Type, _low: types.Type, _span: types.Type
) -> tuple[Signature, Build]:
    """Compile the word whose bits are ``low <= ranks[at + bit] < low + span``.

    Written in vectors of the intermediate language, since no compiler finds them in a loop that
    sets bits. Below `low` the difference wraps round to a large number, so that one comparison does
    for both sides.
    """

    def build(
        context: BaseContext,
        builder: ir.IRBuilder,
        signature: Signature,
        arguments: tuple[ir.Value, ...],
    ) -> ir.Value:
        array, at, low, span = arguments
        lane = ir.IntType(signature.args[0].dtype.bitwidth)
        vector, index = ir.VectorType(lane, LANES), ir.VectorType(ir.IntType(32), LANES)
        nothing = ir.Constant(vector, ir.Undefined)
        zero, zeros = ir.Constant(index.element, 0), ir.Constant(index, [0] * LANES)

        def in_every_lane(scalar: ir.Value) -> ir.Value:
            first = builder.insert_element(nothing, scalar, zero)
            return builder.shuffle_vector(first, nothing, zeros)

        data = context.make_array(signature.args[0])(context, builder, array).data
        place = builder.bitcast(builder.gep(data, [at]), vector.as_pointer())
        values = builder.load(place, align=lane.width // 8)
        above = builder.sub(values, in_every_lane(low))
        bits = builder.icmp_unsigned("<", above, in_every_lane(span))
        return builder.bitcast(bits, ir.IntType(LANES))

    return types.uint64(ranks, types.intp, ranks.dtype, ranks.dtype), build


@intrinsic
def _ones(_context: Context, _word: types.Type) -> tuple[Signature, Build]:
    """Compile the number of ones in a word."""

    def build(
        _context: BaseContext,
        builder: ir.IRBuilder,
        _signature: Signature,
        arguments: tuple[ir.Value, ...],
    ) -> ir.Value:
        return builder.ctpop(arguments[0])

    return types.int64(types.uint64), build


@kernel
def _sort_digits(keys: NDArray[np.uint64], lowest: int, bits: int) -> NDArray[np.int32]:
    """Return the places of keys by rising bits ``lowest`` to ``bits``, 11 at a time."""
    n = len(keys)
    order = np.arange(n).astype(np.int32)
    other = np.empty(n, np.int32)
    place = np.empty(DIGITS, np.int64)
    for low in range(lowest, bits, DIGIT_BITS):
        shift = np.uint64(low)
        place[:] = 0
        for i in range(n):
            place[(keys[i] >> shift) & DIGIT] += 1
        total = 0
        for k in range(DIGITS):
            count = place[k]
            place[k] = total
            total += count
        for p in range(n):
            digit = (keys[order[p]] >> shift) & DIGIT
            other[place[digit]] = order[p]
            place[digit] += 1
        order, other = other, order
    return order


@kernel
def _settle(values: NDArray[np.float64], order: NDArray[np.int32]) -> bool:
    """Move the few places whose values are out of order; False if they are many."""
    moves = 0
    highest = values[order[0]]
    for p in range(1, len(order)):
        i = order[p]
        value = values[i]
        if value >= highest:
            highest = value
            continue
        q = p
        while q > 0 and values[order[q - 1]] > value:
            order[q] = order[q - 1]
            q -= 1
        order[q] = i
        moves += p - q
        if moves > len(order):
            return False
    return True


@kernel("Tuple((i4[::1], i4[::1], f8[::1]))(f8[::1], u8[::1], i8)")
def rank_values(
    values: NDArray[np.float64], keys: NDArray[np.uint64], bits: int
) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.float64]]:
    """Return the samples by rising value, which of the distinct values each is, and those.

    Sorts by 11 bits at a time: several times as fast as comparing values. The highest 22 leave
    hardly any of a series' values out of order; where they do, all bits are sorted by.

    Parameters
    ----------
    values : ndarray of float64, shape (n,)
        The series.
    keys : ndarray of uint64, shape (n,)
        Whole numbers that rise with the values.
    bits : int
        Below ``2**bits`` lies every key.
    """
    n = len(keys)
    lowest = max(bits - 2 * DIGIT_BITS, 0)
    order = _sort_digits(keys, lowest, bits)
    if lowest > 0 and not _settle(values, order):
        order = _sort_digits(keys, 0, bits)
    distinct = np.empty(n, np.float64)
    rank = np.empty(n, np.int32)
    k = 0
    before = values[order[0]]
    for p in range(n):
        i = order[p]
        value = values[i]
        k += value != before
        distinct[k] = before = value
        rank[i] = k
    return order, rank, distinct[: k + 1].copy()


@kernel("Tuple((i4[::1], i4[::1]))(f8[::1], f8[::1], f8)")
def reach(
    asked: NDArray[np.float64], searched: NDArray[np.float64], tolerance: float
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Return where the searched values that match each asked one begin and end.

    Two values match where |a - s| <= tolerance in float64. Since rounding keeps order, those that
    match stand together, and the comparison is exact for any values.

    Parameters
    ----------
    asked, searched : ndarray of float64
        Distinct values, rising.
    tolerance : float
        Largest difference that is a match.
    """
    low = np.empty(len(asked), np.int32)
    high = np.empty(len(asked), np.int32)
    a = b = 0
    for k in range(len(asked)):
        while a < len(searched) and asked[k] - searched[a] > tolerance:
            a += 1
        b = max(a, b)
        while b < len(searched) and searched[b] - asked[k] <= tolerance:
            b += 1
        low[k] = a
        high[k] = b
    return low, high


@kernel("Tuple((i4[::1], i4[::1]))(f8[::1], f8)")
def reach_own(
    values: NDArray[np.float64], tolerance: float
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Return what `reach` does, of values among themselves: a matches b where b matches a.

    Parameters
    ----------
    values : ndarray of float64
        Distinct values, rising.
    tolerance : float
        Largest difference that is a match, not negative.
    """
    low = np.empty(len(values), np.int32)
    high = np.empty(len(values), np.int32)
    b = 0
    for k in range(len(values)):
        value = values[k]
        while b < len(values) and values[b] - value <= tolerance:
            low[b] = k
            b += 1
        high[k] = b
    return low, high


RANKS = ("u1", "u2", "u4")  # as wide as the number of distinct values asks for
_ARRANGE = "void(i4[::1], b1[::1], {0}[::1], {0}[:,::1], i4[::1])"
_SWEEP = "UniTuple(i8, 2)({0}[:,::1], i8, {0}[:,::1], {0}[::1], {0}[::1], i4[::1], b1)"


@kernel([_ARRANGE.format(each) for each in RANKS])
def arrange(
    order: NDArray[np.int32],
    whole: NDArray[np.bool_],
    rank: Ranks,
    points: Ranks,
    before: NDArray[np.int32],
) -> None:
    """Write the templates of a series, those of the smallest first value first.

    Parameters
    ----------
    order : ndarray of int32, shape (n,)
        Samples by rising value.
    whole : ndarray of bool, shape (n,)
        Whether a template begins at a sample.
    rank : ndarray of uint8, uint16 or uint32, shape (n,)
        Which of the d distinct values each sample is.
    points : ndarray of the same, shape (m + 1, templates or more)
        Written: ranks of the points of each template.
    before : ndarray of int32, shape (d + 1,)
        Written: how many templates have a first value below the k-th.
    """
    axes = len(points)
    t = 0
    before[0] = 0
    for i in order:
        if whole[i]:
            for c in range(axes):
                points[c, t] = rank[i + c]
            t += 1
        before[int(rank[i]) + 1] = t


@kernel([_SWEEP.format(each) for each in RANKS])
def count_by_sweep(
    asked: Ranks,
    templates: int,
    searched: Ranks,
    lows: Ranks,
    spans: Ranks,
    before: NDArray[np.int32],
    itself: bool,  # noqa: FBT001 - kernels have no keywords
) -> tuple[int, int]:
    """Return the pairs that match over m + 1 and over m points.

    Only templates whose first value matches are looked at, 64 of them at once: a bit for each, an
    AND for each further point.

    Parameters
    ----------
    asked, searched : ndarray of uint8, uint16 or uint32, shape (m + 1, templates or more)
        The templates of two series, as written by `arrange`.
    templates : int
        How many are asked about.
    lows, spans : ndarray of the same, shape (d,)
        First of the searched ranks that match each of the asked ones, and how many do.
    before : ndarray of int32
        From `arrange`, of the series that is searched.
    itself : bool
        Whether both are one series: then each pair is counted once and none with itself.
    """
    m = len(searched) - 1
    first, second, last = searched[1], searched[min(2, m)], searched[m]
    a = b = 0
    for t in range(templates):
        k = asked[0, t]
        start = t + 1 if itself else int(before[lows[k]])
        end = int(before[int(lows[k]) + int(spans[k])])
        k = asked[1, t]
        low, span = lows[k], spans[k]
        k = asked[min(2, m), t]
        second_low, second_span = lows[k], spans[k]
        k = asked[m, t]
        last_low, last_span = lows[k], spans[k]
        q = start & -LANES  # whole words: a load across two lines of the cache costs two
        wanted = ALL << np.uint64(start - q)
        while q < end:
            word = wanted if end - q >= LANES else wanted & (ALL >> np.uint64(LANES - (end - q)))
            if m > 1:
                word &= _within(first, q, low, span)
            if m > 2:
                word &= _within(second, q, second_low, second_span)
                for c in range(3, m):
                    k = asked[c, t]
                    word &= _within(searched[c], q, lows[k], spans[k])
            b += _ones(word)
            a += _ones(word & _within(last, q, last_low, last_span))
            wanted = ALL
            q += LANES
    return a, b


@kernel("UniTuple(i8, 2)(i4[::1], b1[::1], i4[::1], i4[::1], i8)")
def count_by_table(  # noqa: C901, PLR0912 - one loop after the other
    rank: NDArray[np.int32],
    whole: NDArray[np.bool_],
    low: NDArray[np.int32],
    high: NDArray[np.int32],
    m: int,
) -> tuple[int, int]:
    """Return the pairs that match over m + 1 and over m points, for few distinct values.

    How often each template occurs is written into a table of m + 1 axes and summed along each, so
    that the templates within any box are counted from its corners.

    Parameters
    ----------
    rank, whole, low, high
        Of one series: `rank` as int32 and as in `arrange`, `low` and `high` from `reach_own`.
    m : int
        Points of the shorter match.
    """
    side = len(low) + 1
    axes = m + 1
    cells = side**axes
    table = np.zeros(cells, np.int32)
    for i in range(len(rank)):
        if whole[i]:
            cell = 0
            for c in range(axes):
                cell = cell * side + rank[i + c] + 1
            table[cell] += 1
    often = table.copy()
    for block in range(0, cells, side):
        total = 0
        for cell in range(block, block + side):
            total += int(table[cell])
            table[cell] = total
    stride = side
    for _ in range(m):
        for block in range(0, cells, stride * side):
            for cell in range(block + stride, block + stride * side):
                table[cell] += table[cell - stride]
        stride *= side
    a = b = templates = 0
    point = np.empty(axes, np.int64)
    for cell in range(cells):
        times = int(often[cell])
        if times == 0:
            continue
        templates += times
        left = cell
        for c in range(axes):
            point[axes - 1 - c] = left % side - 1
            left //= side
        for corner in range(1 << m):
            at = 0
            sign = times
            for c in range(m):
                k = point[c]
                if corner >> c & 1:
                    at = at * side + int(low[k])
                    sign = -sign
                else:
                    at = at * side + int(high[k])
            at *= side
            k = point[m]
            b += sign * int(table[at + side - 1])
            a += sign * int(table[at + high[k]] - table[at + low[k]])
    return (a - templates) // 2, (b - templates) // 2


_WINDOWS = (
    "void(i4[:,::1], i4[:,::1], f8[:,::1], i8[:,::1], i8[::1], f8[::1], "
    "{0}[:,::1], u8[::1], i8[:,::1])"
)


@kernel([_WINDOWS.format(each) for each in ("u2", "u4")])
def count_windows(  # noqa: C901, PLR0913, PLR0915, PLR0917 - one loop
    order: NDArray[np.int32],
    rank: NDArray[np.int32],
    values: NDArray[np.float64],
    sizes: NDArray[np.int64],
    lengths: NDArray[np.int64],
    tolerances: NDArray[np.float64],
    points: Ranks,
    goes_on: NDArray[np.uint64],
    out: NDArray[np.int64],
) -> None:
    """Count for each row the pairs that match over 2 and 3 points, and over 3 and 4.

    What `count_by_sweep` counts for m = 2 and m = 3, of many short series and in one pass: a pair
    over 4 points is one over 3 of templates that both go on.

    Parameters
    ----------
    order, rank : ndarray of int32, shape (w, wide)
        Places by rising value; which of the distinct values each is, -1 for a break.
    values : ndarray of float64, shape (w, wide)
        The distinct values, rising, as far as they go.
    sizes : ndarray of int64, shape (2, w)
        Known values, and distinct ones.
    lengths : ndarray of int64, shape (w,)
        How much of each row is its series.
    tolerances : ndarray of float64, shape (w,)
        Largest difference that is a match; NaN: nothing is counted.
    points : ndarray of uint16 or uint32, shape (3, at least n)
        To work in: whole words of templates.
    goes_on : ndarray of uint64, shape (at least n / 64,)
        To work in.
    out : ndarray of int64, shape (4, w)
        To be filled: pairs over 3 and over 2 points, over 4 and over 3.
    """
    wide = rank.shape[1]
    low = np.empty(wide, np.int32)
    high = np.empty(wide, np.int32)
    before = np.empty(wide + 1, np.int32)
    firsts = np.empty(wide, np.int32)
    second, third, fourth = points[0], points[1], points[2]
    for w in range(rank.shape[0]):
        out[:, w] = 0
        tolerance = tolerances[w]
        if np.isnan(tolerance):
            continue
        kinds = sizes[1, w]
        b = 0
        for k in range(kinds):
            while b < kinds and values[w, b] - values[w, k] <= tolerance:
                low[b] = k
                b += 1
            high[k] = b
        row = rank[w]
        length = lengths[w]
        goes_on[:] = 0
        t = 0
        k = 0
        for p in range(sizes[0, w]):
            i = order[w, p]
            first = row[i]
            while k <= first:
                before[k] = t
                k += 1
            if i + 2 < length and row[i + 1] >= 0 and row[i + 2] >= 0:
                second[t] = row[i + 1]
                third[t] = row[i + 2]
                firsts[t] = first
                if i + 3 < length and row[i + 3] >= 0:
                    fourth[t] = row[i + 3]
                    goes_on[t // LANES] |= np.uint64(1) << np.uint64(t % LANES)
                t += 1
        before[k:] = t
        a2 = b2 = a3 = b3 = 0
        for one in range(t):
            start, end = one + 1, int(before[high[firsts[one]]])
            if start >= end:
                continue
            low2, low3 = low[second[one]], low[third[one]]
            span2, span3 = high[second[one]] - low2, high[third[one]] - low3
            on = goes_on[one // LANES] >> np.uint64(one % LANES) & np.uint64(1)
            k4 = fourth[one] if on else second[one]
            low4 = low[k4]
            span4 = high[k4] - low4
            q = start & -LANES
            wanted = ALL << np.uint64(start - q)
            while q < end:
                word = (
                    wanted if end - q >= LANES else wanted & (ALL >> np.uint64(LANES - (end - q)))
                )
                word &= _within(second, q, second.dtype.type(low2), second.dtype.type(span2))
                b2 += _ones(word)
                word &= _within(third, q, second.dtype.type(low3), second.dtype.type(span3))
                a2 += _ones(word)
                if on:
                    word &= goes_on[q // LANES]
                    b3 += _ones(word)
                    word &= _within(fourth, q, second.dtype.type(low4), second.dtype.type(span4))
                    a3 += _ones(word)
                wanted = ALL
                q += LANES
        out[0, w] = a2
        out[1, w] = b2
        out[2, w] = a3
        out[3, w] = b3
