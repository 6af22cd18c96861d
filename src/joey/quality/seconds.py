"""What is measured in each second of a waveform: one loop, with all its state in arrays.

Every number is an exact integer until it is compared, so that chunks do not matter.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from joey.compiled import kernel

__all__ = ["measure"]

# Widths, in samples; `BLOCK` to `LONG` are looked at in an ECG only. For how many seconds little
# movement is a pause, and not another usual size.
FLAT, CLIP, BLOCK, SHORT, LONG, GATHER, NEAR, PAUSE, N_WIDTHS = range(9)
# State: samples not measured; blocks weighed, gathered and scanned; candidates found; seconds
# measured and graded; candidates passed by grading; seconds that made the usual size so far, and
# seconds of a pause.
MISSING, WEIGHED, GATHERED, SCANNED, FOUND, MEASURED, GRADED, PASSED, N_USUAL, PAUSED, N_STATE = (
    range(11)
)
# Columns of a second, and of a candidate.
JUDGED, HEIGHT, STILL, CUT, PEAK, NOISE, N_COLUMNS = range(7)
ENERGY, JUMP, PLACE, N_MARKS = range(4)

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
    energy: NDArray[np.float64],
    level: NDArray[np.float64],
    gathered: NDArray[np.float64],
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
    tile, energy, level, gathered : ndarray of float64
        Room for slopes, and for each block: energy, mean level, energy of the blocks around.
    found : ndarray of float64, shape (room, N_MARKS)
        Energy of each candidate beat, and how far the baseline moves across it. [counts]
    rows : ndarray of float64, shape (n, N_COLUMNS)
        Seconds, written.
    """
    if is_ecg:
        _weigh(known, w, z, x, valid, tile, energy, level)
        _scan(w, z, last, energy, level, gathered, found)
    k = z[MEASURED]
    while k < len(edges) - 1:
        enough = edges[k + 1] + w[FLAT] <= known
        if is_ecg:
            enough = enough and edges[k + 1] // w[BLOCK] + 1 <= z[SCANNED]
        if not enough and not (last and edges[k] < known):
            break
        _measure(k, known, w, z, edges, x, valid, rows)
        if is_ecg:
            _look(k, w, z, edges, gathered, rows)
        k += 1
        z[MEASURED] = k


@kernel
def _measure(  # noqa: C901
    k: int,
    known: int,
    w: NDArray[np.int64],
    z: NDArray[np.int64],
    edges: NDArray[np.int64],
    x: NDArray[np.int32],
    valid: NDArray[np.bool_],
    rows: NDArray[np.float64],
) -> None:
    """Measure height, stillness and clipping of second `k`."""
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
    # A run of `CLIP` equal samples holds the second's first or last, or one at a stride of half.
    stride = max(w[CLIP] // 2, 1)
    first, stop = max(lo - w[FLAT], 0), min(hi + w[FLAT], known)
    mean = total / number
    far = min(high - mean, mean - low) > CLIP_FAR * height
    longest = clipped = 0
    i = lo
    while True:
        if valid[i]:
            a, b = i, i + 1
            while a > first and x[a - 1] == x[i] and valid[a - 1]:
                a -= 1
            while b < stop and x[b] == x[i] and valid[b]:
                b += 1
            longest = max(longest, b - a)
            if x[i] == high or x[i] == low:
                clipped = max(clipped, b - a)
            i = b - 1
        if i >= hi - 1:
            break
        i = min(i + stride, hi - 1)
    row[STILL] = 1.0 if longest >= w[FLAT] else 0.0
    row[CUT] = 1.0 if far and clipped >= w[CLIP] and height >= CLIP_HEIGHT else 0.0


@kernel
def _weigh(
    known: int,
    w: NDArray[np.int64],
    z: NDArray[np.int64],
    x: NDArray[np.int32],
    valid: NDArray[np.bool_],
    tile: NDArray[np.float64],
    energy: NDArray[np.float64],
    level: NDArray[np.float64],
) -> None:
    """Go on with the energy and the level of blocks, as far as the samples allow."""
    block, short, long = w[BLOCK], w[SHORT], w[LONG]
    a, b = float(2 * long + 1), float(2 * short + 1)
    stop = min((known - long - 1) // block, len(energy))
    many = len(tile) // block
    k = z[WEIGHED]
    while k < stop:
        n = min(many, stop - k)
        lo, hi = k * block, (k + n) * block
        start = max(lo, long)
        number = hi - start
        if number > 0:
            # The slope of a band of 20 ms minus 100 ms means: what a beat is made of.
            near = x[start + short + 1 : hi + short + 1]
            nigh = x[start - short : hi - short]
            after = x[start + long + 1 : hi + long + 1]
            before = x[start - long : hi - long]
            slope = tile[start - lo : hi - lo]
            for i in range(number):
                steep = float(near[i]) - float(nigh[i])
                slope[i] = abs(a * steep - b * (float(after[i]) - float(before[i])))
        whole = z[MISSING] == 0
        for j in range(n):
            at = lo + j * block
            told = at >= long and (whole or _all(valid, at - long, at + block + long + 1))
            weight, mean = 0.0, 0.0
            if told:
                for i in range(at, at + block):
                    weight += tile[i - lo]
                    mean += x[i]
            energy[k + j] = weight if told else NONE
            level[k + j] = mean / block
        k += n
    z[WEIGHED] = k


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
    energy: NDArray[np.float64],
    level: NDArray[np.float64],
    gathered: NDArray[np.float64],
    found: NDArray[np.float64],
) -> None:
    """Go on gathering energy; keep the tops that nothing within reach exceeds."""
    near, gather = w[NEAR], w[GATHER]
    behind = gather // 2
    stop = z[WEIGHED] - (gather - behind) + 1
    for k in range(max(z[GATHERED], behind), stop):
        least, total = np.inf, 0.0
        for j in range(k - behind, k - behind + gather):
            least = min(least, energy[j])
            total += energy[j]
        gathered[k] = total if least >= 0 else NONE
    z[GATHERED] = max(stop, behind)
    until = stop if last else stop - near
    k = max(z[SCANNED], 2 * near)
    while k < until:
        here = gathered[k]
        if here > 0 and here > gathered[k - 1] and here >= gathered[k + 1]:
            alone = True
            for j in range(k - near, k):
                alone &= gathered[j] < here
            for j in range(k + 1, min(k + near + 1, stop)):
                alone &= gathered[j] <= here
            if alone:
                n = z[FOUND]
                found[n, ENERGY] = here
                found[n, PLACE] = k * w[BLOCK]
                found[n, JUMP] = _jump(k, near, stop, level, gathered)
                z[FOUND] = n + 1
        k += 1
    z[SCANNED] = k


@kernel
def _jump(
    k: int, near: int, stop: int, level: NDArray[np.float64], gathered: NDArray[np.float64]
) -> float:
    """Return how far the level moves from before to after the beat at block `k`. [counts]"""
    far = 2 * near // 3  # from 60 ms to 100 ms to either side
    if k + far >= stop or min(gathered[k - far + 2], gathered[k + far - 2]) < 0:
        return 0.0
    after, before = 0.0, 0.0
    for j in range(far - 2, far):
        after += level[k + j]
        before += level[k - 1 - j]
    return abs(after - before) / 2


@kernel
def _look(
    k: int,
    w: NDArray[np.int64],
    z: NDArray[np.int64],
    edges: NDArray[np.int64],
    gathered: NDArray[np.float64],
    rows: NDArray[np.float64],
) -> None:
    """Measure the highest energy of second `k`, and the most in a quietest place of a fifth."""
    lo = (edges[k] + w[BLOCK] - 1) // w[BLOCK]
    hi = min((edges[k + 1] + w[BLOCK] - 1) // w[BLOCK], z[GATHERED])
    lo = max(lo, w[GATHER])
    most = loudest = 0.0
    for part in range(CHUNKS):
        a, b = lo + (hi - lo) * part // CHUNKS, lo + (hi - lo) * (part + 1) // CHUNKS
        least = np.inf
        for j in range(a, b):
            if gathered[j] >= 0:
                least = min(least, gathered[j])
                most = max(most, gathered[j])
        if least < np.inf:
            loudest = max(loudest, least)
    rows[k, PEAK] = most
    rows[k, NOISE] = loudest
