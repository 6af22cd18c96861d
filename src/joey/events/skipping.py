"""Where uniform samples come near a threshold, block by block: one compiled loop.

Nearly all of a recording lies far from every threshold. What does is passed over in blocks and only
its ends are noted; what may lie beyond is cut out for `stretches`, which alone decides.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic
from numpy.typing import NDArray

from joey.compiled import kernel

if TYPE_CHECKING:
    from numba.core.base import BaseContext
    from numba.core.typing import Context, Signature

    Build: TypeAlias = Callable[
        [BaseContext, ir.IRBuilder, Signature, tuple[ir.Value, ...]], ir.Value
    ]

__all__ = ["near_stretches"]

LANES = 64  # samples compared at once, one bit of a word each
BLOCK = 4 * LANES  # samples looked at together
ALL = np.uint64(0xFFFFFFFFFFFFFFFF)


def _far(side: str, x: types.Array) -> tuple[Signature, Build]:
    """Return how a word of 64 comparisons of successive samples is compiled.

    Written in vectors of the intermediate language, since no compiler finds them in a loop that
    ands truths. NaN is on neither side.
    """

    def build(
        context: BaseContext,
        builder: ir.IRBuilder,
        signature: Signature,
        arguments: tuple[ir.Value, ...],
    ) -> ir.Value:
        array, at, bound = arguments
        lane = bound.type
        vector, index = ir.VectorType(lane, LANES), ir.VectorType(ir.IntType(32), LANES)
        nothing = ir.Constant(vector, ir.Undefined)
        zero, zeros = ir.Constant(index.element, 0), ir.Constant(index, [0] * LANES)
        first = builder.insert_element(nothing, bound, zero)
        everywhere = builder.shuffle_vector(first, nothing, zeros)
        data = context.make_array(signature.args[0])(context, builder, array).data
        place = builder.bitcast(builder.gep(data, [at]), vector.as_pointer())
        of = signature.args[0].dtype
        values = builder.load(place, align=of.bitwidth // 8)
        whole = isinstance(of, types.Integer)
        compare = builder.icmp_signed if whole else builder.fcmp_ordered
        return builder.bitcast(compare(side, values, everywhere), ir.IntType(LANES))

    return types.uint64(x, types.intp, x.dtype), build


@intrinsic
def _above(
    _context: Context, x: types.Array, _at: types.Type, _bound: types.Type
) -> tuple[Signature, Build]:
    """Compile the word whose bits are ``x[at + bit] > bound``."""
    return _far(">", x)


@intrinsic
def _under(
    _context: Context, x: types.Array, _at: types.Type, _bound: types.Type
) -> tuple[Signature, Build]:
    """Compile the word whose bits are ``x[at + bit] < bound``."""
    return _far("<", x)


@intrinsic
def _trailing_zeros(_context: Context, _word: types.Type) -> tuple[Signature, Build]:
    """Compile the number of zeros below the lowest one of a word that is not zero."""

    def build(
        _context: BaseContext,
        builder: ir.IRBuilder,
        _signature: Signature,
        arguments: tuple[ir.Value, ...],
    ) -> ir.Value:
        return builder.cttz(arguments[0], ir.Constant(ir.IntType(1), 1))

    return types.int64(types.uint64), build


@kernel
def _end_of_far(
    x: NDArray[np.generic],
    at: int,
    stop: int,
    bound: np.generic,
    below: bool,  # noqa: FBT001  (a compiled function has no keywords)
) -> int:
    """Return the first index from `at` on that is near or unknown; `stop` where there is none."""
    while at + BLOCK <= stop:
        if below:
            word = _above(x, at, bound) & _above(x, at + LANES, bound)
            word &= _above(x, at + 2 * LANES, bound) & _above(x, at + 3 * LANES, bound)
        else:
            word = _under(x, at, bound) & _under(x, at + LANES, bound)
            word &= _under(x, at + 2 * LANES, bound) & _under(x, at + 3 * LANES, bound)
        if word != ALL:
            break
        at += BLOCK
    while at + LANES <= stop:
        word = _above(x, at, bound) if below else _under(x, at, bound)
        if word != ALL:
            at += int(_trailing_zeros(~word))
            break
        at += LANES
    while at < stop and (x[at] > bound if below else x[at] < bound):
        at += 1
    return at


@kernel
def near_stretches(
    x: NDArray[np.generic],
    runs: NDArray[np.int64],
    bound: np.generic,
    below: bool,  # noqa: FBT001  (a compiled function has no keywords)
    place: NDArray[np.int64],
    out: NDArray[np.int64],
) -> int:
    """Write stretches on one side of the bound from a place on; return how many.

    Parameters
    ----------
    x : ndarray of int16, int32 or float32, shape (n,)
        The samples; NaN ends a stretch and is in none.
    runs : ndarray of int64, shape (k, 2)
        Index ranges to look at.
    bound : scalar of the type of x
        What lies above it (below it, unless `below`) is far from the threshold.
    below : bool
        Whether the threshold is looked for below.
    place : ndarray of int64, shape (2,)
        Run and index to go on at; changed in place, past the last run when all is done.
    out : ndarray of int64, shape (m, 3)
        Room: first, after last, and 1 for near. No more than m are written in a call.
    """
    n = 0
    while place[0] < len(runs):
        at = max(place[1], runs[place[0], 0])
        stop = runs[place[0], 1]
        while at < stop:
            while at < stop and x[at] != x[at]:  # NaN
                at += 1
            if at == stop:
                break
            if n == len(out):
                place[1] = at
                return n
            first = at
            far = x[at] > bound if below else x[at] < bound
            if far:
                at = _end_of_far(x, at + 1, stop, bound, below)
            else:
                while at < stop and x[at] == x[at]:
                    if x[at] > bound if below else x[at] < bound:
                        break
                    at += 1
            out[n, 0] = first
            out[n, 1] = at
            out[n, 2] = not far
            n += 1
        place[0] += 1
        place[1] = 0
    return n
