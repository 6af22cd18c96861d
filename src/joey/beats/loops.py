"""The wide loops under the beat detector: slopes, their sums, and which are largest in reach.

They know nothing of sections or beats: arrays in, arrays out. `kernels` says what they are for.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from joey.beats.deflections import LONG, SHORT, TURN
from joey.beats.polarity import SIGN
from joey.compiled import kernel

__all__ = [
    "CHUNK",
    "LANES",
    "add_up",
    "compare",
    "in_lanes",
    "is_small",
    "pair_up",
    "weigh",
    "weigh_rises",
    "where_one",
]

CHUNK = 16  # places looked at together for a candidate
LANES = 64  # lengths of wide loops are multiples: what is left over would be done one by one


@kernel(counted=False)
def is_small(x: NDArray[np.int32], lo: int, hi: int, limit: np.int32) -> bool:
    """Whether no sample from `lo` to before `hi`, or a little before, exceeds the limit."""
    part = x[max(hi - in_lanes(hi - lo), 0) : hi]
    most = least = np.int32(0)
    for k in range(len(part)):  # by index: an iterator is not made wide
        most = max(most, part[k])
        least = min(least, part[k])
    return bool(most <= limit and least >= -limit)


@kernel(counted=False)
def weigh(
    begin: int, end: int, w: NDArray[np.int64], x: NDArray[np.int32], weights: NDArray[np.integer]
) -> None:
    """Write the sizes of the band's slopes at `begin` to before `end`."""
    short, long = w[SHORT], w[LONG]
    number = weights.dtype.type
    a, b = number(2 * long + 1), number(2 * short + 1)
    end = begin + in_lanes(end - begin)
    # Of the four boxes in band[i+1] - band[i] only the samples that enter and leave remain.
    in_short, out_short = x[begin + short + 1 : end + short + 1], x[begin - short : end - short]
    in_long, out_long = x[begin + long + 1 : end + long + 1], x[begin - long : end - long]
    for k in range(len(in_short)):
        slope = number(a * (in_short[k] - out_short[k]) - b * (in_long[k] - out_long[k]))
        weights[k] = abs(slope)


@kernel(counted=False)
def weigh_rises(
    begin: int,
    end: int,
    w: NDArray[np.int64],
    x: NDArray[np.int32],
    blocks: NDArray[np.float64],
    weights: NDArray[np.int64],
) -> None:
    """Write the slopes that rise, or that fall where the pulse is upside down."""
    short, long, block = w[SHORT], w[LONG], w[TURN]
    i = begin
    while i < end:
        k = i // block
        stop = min((k + 1) * block, end)
        up = int(blocks[k, SIGN])
        a, b = up * (2 * long + 1), up * (2 * short + 1)
        in_short, out_short = x[i + short + 1 : stop + short + 1], x[i - short : stop - short]
        in_long, out_long = x[i + long + 1 : stop + long + 1], x[i - long : stop - long]
        out = weights[i - begin : stop - begin]
        for j in range(len(out)):
            out[j] = max(a * (in_short[j] - out_short[j]) - b * (in_long[j] - out_long[j]), 0)
        i = stop


@kernel(counted=False)
def in_lanes(n: int) -> int:
    """Return the length, a multiple of `LANES`, that a wide loop over `n` has."""
    return (n + LANES - 1) // LANES * LANES


@kernel(counted=False)
def add_up(
    parts: NDArray[np.integer],
    other: NDArray[np.integer],
    none: NDArray[np.integer],
    out: NDArray[np.integer],
    count: int,
) -> None:
    """Write sums of `count` neighbors, made of sums of 1, 4, 16 ...; use up the two buffers.

    Unlike a running sum, such loops are made wide by the compiler. `none` is all zero.
    """
    n = len(out)
    done, size, left = 0, 1, count
    while True:
        one = parts[done : done + n] if left % 4 > 0 else none[:n]
        two = parts[done + size : done + size + n] if left % 4 > 1 else none[:n]
        three = parts[done + 2 * size : done + 2 * size + n] if left % 4 > 2 else none[:n]
        if done == 0:
            _put(one, two, three, out)
        elif left % 4 > 0:
            _add(one, two, three, out)
        done += size * (left % 4)
        left //= 4
        if left == 0:
            return
        m = in_lanes(n + count - 4 * size)
        _add_four(parts, size, m, other[:m])
        parts, other = other, parts
        size *= 4


@kernel(counted=False)
def compare(
    energy: NDArray[np.integer],
    one: NDArray[np.integer],
    other: NDArray[np.integer],
    neighbor: int,
    m: int,
) -> bool:
    """Write 1 where an energy exceeds all before within reach and none behind exceeds it, else 0.

    It is written for `m` energies from the one at `neighbor` on.

    Returns
    -------
    bool
        Whether it is written to `one`.
    """
    n = m + 2 * neighbor
    most, into, spare = energy, one, other  # the largest of `size` from each on
    size = 1
    in_one = True
    while 4 * size <= neighbor:
        length = in_lanes(n - 4 * size + 1)
        _choose_four(most, size, length, into[:length])
        most, into, spare = into, spare, into
        in_one = not in_one
        size *= 4
    # Four of them cover what is within reach, overlapping.
    _stand_out(energy[neighbor:], most, neighbor, size, into[: in_lanes(m)])
    return in_one


# Each loop is a function of its own: the compiler then sees that nothing overlaps.
@kernel(counted=False)
def _put(
    a: NDArray[np.integer],
    b: NDArray[np.integer],
    c: NDArray[np.integer],
    out: NDArray[np.integer],
) -> None:
    for k in range(len(out)):
        out[k] = a[k] + b[k] + c[k]


@kernel(counted=False)
def _add(
    a: NDArray[np.integer],
    b: NDArray[np.integer],
    c: NDArray[np.integer],
    out: NDArray[np.integer],
) -> None:
    for k in range(len(out)):
        out[k] += a[k] + b[k] + c[k]


@kernel(counted=False)
def _add_four(a: NDArray[np.integer], step: int, n: int, out: NDArray[np.integer]) -> None:
    b, c, d = a[step : step + n], a[2 * step : 2 * step + n], a[3 * step : 3 * step + n]
    for k in range(len(out)):
        out[k] = (a[k] + b[k]) + (c[k] + d[k])


@kernel(counted=False)
def _choose_four(a: NDArray[np.integer], step: int, n: int, out: NDArray[np.integer]) -> None:
    b, c, d = a[step : step + n], a[2 * step : 2 * step + n], a[3 * step : 3 * step + n]
    for k in range(len(out)):
        out[k] = max(a[k], b[k], c[k], d[k])


@kernel(counted=False)
def _stand_out(
    here: NDArray[np.integer],
    most: NDArray[np.integer],
    neighbor: int,
    size: int,
    out: NDArray[np.integer],
) -> None:
    n, last = len(out), neighbor - size
    b, c, d = most[min(size, last) :], most[min(2 * size, last) :], most[last:]
    behind = most[neighbor + 1 :]
    f, g, h = behind[min(size, last) :], behind[min(2 * size, last) :], behind[last:]
    for k in range(n):
        before = max(most[k], b[k], c[k], d[k])
        later = max(behind[k], f[k], g[k], h[k])
        out[k] = (here[k] > before) & (here[k] >= later)


@kernel(counted=False)
def pair_up(parts: NDArray[np.integer], out: NDArray[np.integer]) -> None:
    """Write the sums of two and two neighbors."""
    for k in range(len(out)):
        out[k] = parts[2 * k] + parts[2 * k + 1]


@kernel(counted=False)
def where_one(hits: NDArray[np.integer]) -> int:
    """Return `CHUNK` and the place of the one 1 among `CHUNK` zeros; more where there are more."""
    number = hits.dtype.type
    many = number(0)
    for k in range(CHUNK):
        many = number(many + hits[k] * number(CHUNK + k))
    return int(many)
