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

CHUNK = 8  # places looked at together for a candidate: the bytes of a word
# A word with a 1 in byte k, less 1, has k bytes of 255; the rest by 255 is the sum of the bytes.
ONES = 0x0101010101010101
SEVEN = 7  # stretches an ECG gathers at 125 Hz, and at 2, 4, 8 times that: summed at once
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
    """Write sums of `count` neighbors, made of sums of 1, 4, 16 ...; use up the three buffers.

    Unlike a running sum, such loops are made wide by the compiler.
    """
    if count == SEVEN:
        _add_seven(parts, len(out), out)
        return
    n = len(out)
    none[:n] = 0
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
    hits: NDArray[np.uint8],
) -> None:
    """Write 1 where an energy exceeds all before within reach and none behind exceeds it, else 0.

    It is written for as many energies as `hits` are, from the one at `neighbor` on; the two buffers
    are used up.
    """
    n = len(hits) + 2 * neighbor
    most, into, spare = energy, one, other  # the largest of `size` from each on
    size = 1
    while 4 * size <= neighbor:
        length = in_lanes(n - 4 * size + 1)
        _choose_four(most, size, length, into[:length])
        most, into, spare = into, spare, into
        size *= 4
    # Two or four of them cover what is within reach, overlapping.
    if neighbor <= 2 * size:
        _stand_out(energy[neighbor:], most, neighbor, size, hits)
    else:
        _stand_out_of_four(energy[neighbor:], most, neighbor, size, hits)


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
def _add_seven(a: NDArray[np.integer], n: int, out: NDArray[np.integer]) -> None:
    b, c, d = a[1 : n + 1], a[2 : n + 2], a[3 : n + 3]
    e, f, g = a[4 : n + 4], a[5 : n + 5], a[6 : n + 6]
    for k in range(len(out)):
        out[k] = ((a[k] + b[k]) + (c[k] + d[k])) + ((e[k] + f[k]) + g[k])


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
    out: NDArray[np.uint8],
) -> None:
    b, behind = most[neighbor - size :], most[neighbor + 1 :]
    d = behind[neighbor - size :]
    for k in range(len(out)):
        out[k] = (here[k] > max(most[k], b[k])) & (here[k] >= max(behind[k], d[k]))


@kernel(counted=False)
def _stand_out_of_four(
    here: NDArray[np.integer],
    most: NDArray[np.integer],
    neighbor: int,
    size: int,
    out: NDArray[np.uint8],
) -> None:
    last = neighbor - size
    b, c, d = most[size:], most[min(2 * size, last) :], most[last:]
    behind = most[neighbor + 1 :]
    f, g, h = behind[size:], behind[min(2 * size, last) :], behind[last:]
    for k in range(len(out)):
        before = max(most[k], b[k], c[k], d[k])
        later = max(behind[k], f[k], g[k], h[k])
        out[k] = (here[k] > before) & (here[k] >= later)


@kernel(counted=False)
def pair_up(parts: NDArray[np.integer], out: NDArray[np.integer]) -> None:
    """Write the sums of two and two neighbors."""
    for k in range(len(out)):
        out[k] = parts[2 * k] + parts[2 * k + 1]


@kernel(counted=False)
def where_one(word: int) -> int:
    """Return which of the eight bytes of a word is 1 where one is and the others are 0; else -1."""
    if word & (word - 1) != 0:
        return -1
    return ((word - 1) & ONES) % 255
