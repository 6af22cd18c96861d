"""What is measured in each second of a waveform: one loop, with all its state in arrays.

Every number is an exact integer until it is compared, so that chunks do not matter.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from joey.compiled import kernel

__all__ = ["measure"]

# Widths, in samples; `BLOCK` to `LONG` are looked at in an ECG only. For how many seconds little
# movement is a pause, and not another usual size. `STEP` and `SIDE` are of `twins`, `TENTH` (of a
# second) of `waves`.
FLAT, CLIP, REST, BLOCK, SHORT, LONG, GATHER, NEAR, PAUSE, STEP, SIDE, TENTH, N_WIDTHS = range(13)
# State: samples not measured; blocks weighed, gathered and scanned; candidates found; seconds
# measured and graded; candidates passed by grading; seconds that made the usual size so far, and
# seconds of a pause; candidates of which it is known what they are, and where the last wave is.
MISSING, WEIGHED, GATHERED, SCANNED, FOUND, MEASURED, GRADED, PASSED, N_USUAL, PAUSED = range(10)
WAVED, WAVE_LAST, N_STATE = 10, 11, 12
# Columns of a second, and of a candidate.
JUDGED, HEIGHT, STILL, CUT, RESTS, PEAK, NOISE, N_COLUMNS = range(8)
ENERGY, JUMP, PLACE, WAVE, WAVE_AT, WAVE_SIZE, N_MARKS = range(7)

CLIP_FAR = 0.25  # of the height: how far both edges are from the mean of a clipped second
CLIP_HEIGHT = 20  # counts: a lower second is coarse, not clipped
CHUNKS = 5  # parts of a second, each with a quiet place: at 300 beats/min, one a beat
TILE = 4096  # samples that are weighed at once: they stay in the fastest memory
NONE = -1.0  # energy of a block that rests on a sample that was not measured


@kernel
def measure(  # noqa: PLR0913, PLR0917  (a compiled function has no keywords)
    known: int,
    last: bool,  # noqa: FBT001
    is_ecg: bool,  # noqa: FBT001
    w: NDArray[np.int64],
    z: NDArray[np.int64],
    edges: NDArray[np.int64],
    x: NDArray[np.int32],
    valid: NDArray[np.bool_],
    tile: NDArray[np.float64],
    blocks: NDArray[np.float64],
    found: NDArray[np.float64],
    rows: NDArray[np.float64],
) -> None:
    """Measure every second of which enough is known.

    Parameters
    ----------
    known : int
        Sample index before which all samples are given; what was not given was not measured.
    last : bool
        Whether no more will come.
    is_ecg : bool
        Whether beats are looked at.
    w : ndarray of int64, shape (N_WIDTHS,)
        Widths in samples, and the longest pause. [s]
    z : ndarray of int64, shape (N_STATE,)
        State, changed in place.
    edges : ndarray of int64, shape (n + 1,)
        Sample index of the beginning of each second, from 0 to the length of the window.
    x, valid : ndarray
        Samples, and which of them were measured.
    tile : ndarray of float64, shape (TILE,)
        Slopes are written here.
    blocks : ndarray of float64, shape (2, n)
        Of each block: its energy, and that of the blocks around.
    found : ndarray of float64, shape (most, N_MARKS)
        Energy and place of each candidate beat, how far the baseline moves across it, [counts]
        and what `waves` says of it.
    rows : ndarray of float64, shape (n, N_COLUMNS)
        Seconds, written.
    """
    if is_ecg:
        _weigh(known, w, z, x, valid, tile, blocks[0])
        _scan(w, z, last, x, blocks[0], blocks[1], found)
    k = z[MEASURED]
    while k < len(edges) - 1:
        enough = edges[k + 1] + w[FLAT] <= known
        if is_ecg:
            enough = enough and edges[k + 1] // w[BLOCK] + 1 <= z[SCANNED]
        if not enough and not (last and edges[k] < known):
            break
        _measure(k, known, w, z, edges, x, valid, rows)
        if is_ecg:
            _look(k, w, z, edges, blocks[1], rows)
        k += 1
        z[MEASURED] = k


@kernel
def _measure(  # noqa: C901, PLR0912
    k: int,
    known: int,
    w: NDArray[np.int64],
    z: NDArray[np.int64],
    edges: NDArray[np.int64],
    x: NDArray[np.int32],
    valid: NDArray[np.bool_],
    rows: NDArray[np.float64],
) -> None:
    """Measure height, stillness, rest and clipping of second `k`."""
    lo, hi = edges[k], edges[k + 1]
    row = rows[k]
    row[:] = 0.0
    number = hi - lo
    high, low = np.int32(-2147483648), np.int32(2147483647)
    total = 0
    if z[MISSING] == 0 and hi <= known:
        part = x[lo:hi]
        for value in part:
            high, low = max(high, value), min(low, value)
        for value in part:
            total += value
    else:
        number = 0
        for i in range(lo, hi):
            if valid[i]:
                number += 1
                high, low = max(high, x[i]), min(low, x[i])
                total += x[i]
    if hi <= lo or 2 * number < hi - lo:
        return
    row[JUDGED] = 1.0
    height = float(high) - float(low)
    row[HEIGHT] = height
    first, stop = max(lo - w[FLAT], 0), min(hi + w[FLAT], known)
    mean = total / number
    far = height >= CLIP_HEIGHT and min(high - mean, mean - low) > CLIP_FAR * height
    # A run of so many equal samples holds the second's first or last, or one at a stride of half.
    stride = max((w[CLIP] if far else w[REST]) // 2, 1)
    longest = within = clipped = 0
    i = lo
    while True:
        if valid[i]:
            a, b = i, i + 1
            while a > first and x[a - 1] == x[i] and valid[a - 1]:
                a -= 1
            while b < stop and x[b] == x[i] and valid[b]:
                b += 1
            longest = max(longest, b - a)
            within = max(within, min(b, hi) - max(a, lo))
            if x[i] == high or x[i] == low:
                clipped = max(clipped, b - a)
            i = b - 1
        if i >= hi - 1:
            break
        i = min(i + stride, hi - 1)
    row[STILL] = 1.0 if longest >= w[FLAT] else 0.0
    row[RESTS] = 1.0 if within >= w[REST] else 0.0
    row[CUT] = 1.0 if far and clipped >= w[CLIP] else 0.0


@kernel
def _weigh(
    known: int,
    w: NDArray[np.int64],
    z: NDArray[np.int64],
    x: NDArray[np.int32],
    valid: NDArray[np.bool_],
    tile: NDArray[np.float64],
    energy: NDArray[np.float64],
) -> None:
    """Go on with the energy of blocks, as far as the samples allow."""
    block, long = w[BLOCK], w[LONG]
    stop = min((known - long - 1) // block, len(energy))
    many = len(tile) // block
    narrow = tile.view(np.int32)
    # Below this a block's energy fits 32 bits: the same integers, twice as many at once.
    limit = (2**31 - 1) // (2 * (2 * w[SHORT] + 2 * long + 2) * block)
    k = z[WEIGHED]
    while k < stop:
        n = min(many, stop - k)
        lo, hi = k * block, (k + n) * block
        start = max(lo, long)
        if start < hi:
            most = least = np.int32(0)
            for value in x[start - long : hi + long + 1]:
                most, least = max(most, value), min(least, value)
            if most < limit and -limit < least:
                _slopes_32(start, hi, w, x, narrow[start - lo : hi - lo])
                _sum_blocks(k, n, block, narrow, energy)
            else:
                _slopes(start, hi, w, x, tile[start - lo : hi - lo])
                _sum_blocks(k, n, block, tile, energy)
        if lo < long or z[MISSING]:
            for j in range(k, k + n):
                at = j * block
                if at < long or not _all(valid, at - long, at + block + long + 1):
                    energy[j] = NONE
        k += n
    z[WEIGHED] = k


@kernel
def _slopes(
    start: int, stop: int, w: NDArray[np.int64], x: NDArray[np.int32], out: NDArray[np.float64]
) -> None:
    """Write the slope of a band of 20 ms minus 100 ms means: what a beat is made of."""
    short, long = w[SHORT], w[LONG]
    a, b = float(2 * long + 1), float(2 * short + 1)
    near, nigh = x[start + short + 1 : stop + short + 1], x[start - short : stop - short]
    after, before = x[start + long + 1 : stop + long + 1], x[start - long : stop - long]
    for i in range(stop - start):
        steep = float(near[i]) - float(nigh[i])
        out[i] = abs(a * steep - b * (float(after[i]) - float(before[i])))


@kernel
def _slopes_32(
    start: int, stop: int, w: NDArray[np.int64], x: NDArray[np.int32], out: NDArray[np.int32]
) -> None:
    """Write the same for small counts."""
    short, long = w[SHORT], w[LONG]
    a, b = np.int32(2 * long + 1), np.int32(2 * short + 1)
    near, nigh = x[start + short + 1 : stop + short + 1], x[start - short : stop - short]
    after, before = x[start + long + 1 : stop + long + 1], x[start - long : stop - long]
    for i in range(stop - start):
        steep = np.int32(near[i] - nigh[i])
        out[i] = abs(np.int32(np.int32(a * steep) - np.int32(b * np.int32(after[i] - before[i]))))


@kernel
def _sum_blocks(
    first: int, n: int, block: int, slopes: NDArray[np.generic], energy: NDArray[np.float64]
) -> None:
    for j in range(n):
        weight = slopes[j * block]
        for i in range(j * block + 1, (j + 1) * block):
            weight += slopes[i]
        energy[first + j] = weight


@kernel
def _all(valid: NDArray[np.bool_], lo: int, hi: int) -> bool:
    gone = 0
    for k in range(lo, hi):
        gone += not valid[k]
    return gone == 0


@kernel
def _scan(
    w: NDArray[np.int64],
    z: NDArray[np.int64],
    last: bool,  # noqa: FBT001
    x: NDArray[np.int32],
    energy: NDArray[np.float64],
    gathered: NDArray[np.float64],
    found: NDArray[np.float64],
) -> None:
    """Go on gathering energy; keep the tops that nothing within reach exceeds."""
    near, gather, block = w[NEAR], w[GATHER], w[BLOCK]
    behind = gather // 2
    stop = z[WEIGHED] - (gather - behind) + 1
    begin = max(z[GATHERED], behind)
    if begin < stop:
        _gather(energy[begin - behind : stop - behind + gather - 1], gather, gathered[begin:stop])
    z[GATHERED] = max(stop, behind)
    until = stop if last else stop - near
    k = max(z[SCANNED], 2 * near)
    if z[FOUND]:  # nothing within reach of a top is one
        k = max(k, int(found[z[FOUND] - 1, PLACE]) // block + near + 1)
    while k < until:
        here, top = gathered[k], k
        for j in range(k + 1, min(k + near + 1, stop)):
            if gathered[j] > here:
                here, top = gathered[j], j
        if top > k:  # what lies before it is lower, and within its reach
            k = top
            continue
        j = k - 1
        while j >= k - near and gathered[j] < here:
            j -= 1
        if here > 0 and j < k - near:
            n = z[FOUND]
            found[n, ENERGY] = here
            found[n, PLACE] = k * block
            found[n, WAVE] = found[n, WAVE_AT] = 0.0
            found[n, JUMP] = _jump(k, near, stop, block, x, gathered)
            z[FOUND] = n + 1
        k += near + 1  # none of which is above this one
    z[SCANNED] = max(z[SCANNED], until, 2 * near)


@kernel
def _gather(energy: NDArray[np.float64], gather: int, out: NDArray[np.float64]) -> None:
    """Write the energy of so many blocks from each on; none where one of them has none."""
    n = len(out)
    for k in range(n):
        out[k] = energy[k]
    least = np.inf
    for value in energy:
        least = min(least, value)
    for j in range(1, gather):
        part = energy[j : j + n]
        for k in range(n):
            out[k] += part[k]
    if least >= 0:
        return
    for k in range(n):
        for j in range(k, k + gather):
            if energy[j] < 0:
                out[k] = NONE


@kernel
def _jump(
    k: int, near: int, stop: int, block: int, x: NDArray[np.int32], gathered: NDArray[np.float64]
) -> float:
    """Return how far the level moves from before to after the beat at block `k`. [counts]"""
    far = 2 * near // 3  # from 60 ms to 100 ms to either side
    if k + far >= stop or min(gathered[k - far + 2], gathered[k + far - 2]) < 0:
        return 0.0
    after, before = 0, 0
    for i in range((k + far - 2) * block, (k + far) * block):
        after += x[i]
    for i in range((k - far) * block, (k - far + 2) * block):
        before += x[i]
    return abs(after - before) / (2.0 * block)


@kernel
def _look(
    k: int,
    w: NDArray[np.int64],
    z: NDArray[np.int64],
    edges: NDArray[np.int64],
    gathered: NDArray[np.float64],
    rows: NDArray[np.float64],
) -> None:
    """Measure the highest energy of second `k`, and the most in a quietest place of a fifth.

    A fifth of which less was measured, at an edge, may hold a beat and nothing else.
    """
    lo = max((edges[k] + w[BLOCK] - 1) // w[BLOCK], w[GATHER])
    hi = (edges[k + 1] + w[BLOCK] - 1) // w[BLOCK]
    most = loudest = at_edge = 0.0
    whole = False
    for part in range(CHUNKS):
        a, b = lo + (hi - lo) * part // CHUNKS, lo + (hi - lo) * (part + 1) // CHUNKS
        least, known = np.inf, 0
        for j in range(a, min(b, z[GATHERED])):
            if gathered[j] >= 0:
                known += 1
                least = min(least, gathered[j])
                most = max(most, gathered[j])
        if known == b - a and known > 0:
            whole = True
            loudest = max(loudest, least)
        elif known > 0:
            at_edge = max(at_edge, least)
    rows[k, PEAK] = most
    rows[k, NOISE] = loudest if whole else at_edge
