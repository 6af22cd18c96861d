"""The beat detector's loops: from samples to candidates, decisions and told beats, compiled.

One section is a handful of arrays: its samples, short buffers of what is derived from them, which
hold the last second or two and the tile in work, and the candidates found so far. All sums are
integer sums, so a candidate is the same whatever the chunking; a loop over slices of a tile is left
to the compiler to make wide.

```
band   = box(short) - box(long)       symmetric, finite: fixed delay of half the long box
slope  = band[i+1] - band[i]
energy = sum over `gather` of |slope|; of the rise alone where the steepest point is timed (pleth)
candidate: the largest energy within +-neighbor
timed  = box(fine) - box(baseline)    wide enough that a deflection keeps its own sign and size
```

Index i counts from the window's first sample; in a short buffer its place is i - ``z[ORIGIN]``.
``gone``, ``rises`` and ``weights`` are running sums: at a place stands the sum of what lies before.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from joey.beats.decide import BEAT, SEARCHED_BACK, decide
from joey.beats.deflections import (
    AROUND,
    BASE,
    ENERGY,
    GATHER,
    HIGH,
    HIGH_SHIFT,
    KEEP,
    LONG,
    LOW,
    LOW_SHIFT,
    NEIGHBOR,
    REACH,
    SHORT,
    STEEPEST,
    TOP,
    TURN,
    UP,
)
from joey.compiled import kernel

__all__ = ["TILE", "hear", "tell"]

TILE = 4096  # samples worked on at a time: its sums stay in the fastest cache

# Places in the integer state of a section.
(
    ORIGIN,
    HEARD,  # samples heard
    SLOPED,  # index before which slopes are known
    WEIGHED,  # before which weights are
    DONE,  # before which energies are
    SCAN,  # before which energies were compared
    BEST,  # the largest energy in reach
    FOUND,  # candidates
    TOLD,  # candidates that were told or passed over
    RUNS,  # runs of searched samples
    MISSING,  # samples heard that were not measured
    N_STATE,
) = range(12)

BLOCK = 16  # energies looked at together
TURNED = 0.13  # (rising - falling) / all samples: an upright pulse rises faster than it falls


@kernel
def hear(  # noqa: PLR0913, PLR0917  (a compiled function has no keywords)
    counts: NDArray[np.int32],
    measured: bool,  # noqa: FBT001
    number: int,
    w: NDArray[np.int64],
    z: NDArray[np.int64],
    x: NDArray[np.int32],
    gone: NDArray[np.int32],
    slopes: NDArray[np.int64],
    rises: NDArray[np.int64],
    weights: NDArray[np.int64],
    energy: NDArray[np.int64],
    at: NDArray[np.int64],
    runs: NDArray[np.int64],
) -> None:
    """Take `number` samples, measured ones with their counts, and find the candidates among them.

    Parameters
    ----------
    counts : ndarray of int32, shape (number,)
        The samples; not looked at where `measured` is false.
    measured : bool
        Whether they were measured.
    number : int
        How many.
    w : ndarray of int64
        Widths.
    z, x, gone, slopes, rises, weights, energy
        The section's state, samples and short buffers, changed in place.
    at : ndarray of int64, shape (room, N_PLACES)
        Candidates: index, energy, and room for what is looked up later.
    runs : ndarray of int64, shape (room, 2)
        Searched samples.
    """
    room = len(energy)
    taken = 0
    while taken < number:
        filled = z[HEARD] - z[ORIGIN]
        if filled >= room - 2:
            _forget(w, z, slopes, rises, weights, energy)
            filled = z[HEARD] - z[ORIGIN]
        m = min(number - taken, room - 2 - filled, TILE)
        heard = z[HEARD]
        if measured:
            x[heard : heard + m] = counts[taken : taken + m]
        else:
            x[heard : heard + m] = 0
            z[MISSING] += m
        if z[MISSING] > 0:  # until then all of it is zero
            each = 0 if measured else 1
            for k in range(m):
                gone[heard + 1 + k] = gone[heard] + each * (k + 1)
        taken += m
        z[HEARD] += m
        _weigh(w, z, x, slopes, rises, weights)
        _energize(w, z, gone, weights, energy, runs)
        _scan(w, z, rises, energy, at)


@kernel
def _forget(
    w: NDArray[np.int64],
    z: NDArray[np.int64],
    slopes: NDArray[np.int64],
    rises: NDArray[np.int64],
    weights: NDArray[np.int64],
    energy: NDArray[np.int64],
) -> None:
    """Move what the next samples look back on to the front of the short buffers."""
    drop = z[HEARD] - z[ORIGIN] - w[KEEP]
    if drop <= 0:
        return
    for k in range(w[KEEP] + 1):
        weights[k] = weights[k + drop]
        energy[k] = energy[k + drop]
    if w[STEEPEST]:
        for k in range(w[KEEP] + 1):
            slopes[k] = slopes[k + drop]
            rises[k] = rises[k + drop]
    z[ORIGIN] += drop


@kernel
def _weigh(
    w: NDArray[np.int64],
    z: NDArray[np.int64],
    x: NDArray[np.int32],
    slopes: NDArray[np.int64],
    rises: NDArray[np.int64],
    weights: NDArray[np.int64],
) -> None:
    """Go on with slopes and their running weight, as far as the samples heard allow."""
    short, long = w[SHORT], w[LONG]
    o = z[ORIGIN]
    lo, hi = z[SLOPED], z[HEARD] - long - 1
    if hi <= lo:
        return
    a, b = 2 * long + 1, 2 * short + 1
    n, p = hi - lo, lo - o
    # Of the four boxes in band[i+1] - band[i] only the samples that enter and leave remain.
    in_short, out_short = x[lo + short + 1 : hi + short + 1], x[lo - short : hi - short]
    in_long, out_long = x[lo + long + 1 : hi + long + 1], x[lo - long : hi - long]
    z[SLOPED] = hi
    if not w[STEEPEST]:
        # Two loops: the first is made wide by the compiler, the second cannot be.
        weight = weights[p + 1 : p + 1 + n]
        for k in range(n):
            weight[k] = abs(a * (in_short[k] - out_short[k]) - b * (in_long[k] - out_long[k]))
        total = weights[p]
        for k in range(n):
            total += weight[k]
            weight[k] = total
        z[WEIGHED] = hi
        return
    slope = slopes[p : p + n]
    rise = rises[p : p + n + 1]
    for k in range(n):
        slope[k] = a * (in_short[k] - out_short[k]) - b * (in_long[k] - out_long[k])
        rise[k + 1] = rise[k] + (1 if slope[k] > 0 else 0) - (1 if slope[k] < 0 else 0)
    total = weights[z[WEIGHED] - o]
    for i in range(z[WEIGHED], hi - w[TURN] - 1):
        total += max(slopes[i - o] * _sign(w, z, rises, i), 0)
        weights[i - o + 1] = total
    z[WEIGHED] = max(hi - w[TURN] - 1, z[WEIGHED])


@kernel
def _sign(w: NDArray[np.int64], z: NDArray[np.int64], rises: NDArray[np.int64], i: int) -> int:
    """Return -1 where the pulse is upside down: it rises for longer than it falls."""
    p = i - z[ORIGIN]
    lower = max(p - w[TURN], 0) if z[ORIGIN] == 0 else p - w[TURN]
    rising = rises[p + w[TURN] + 1] - rises[lower]
    return -1 if rising > TURNED * (2 * w[TURN] + 1) else 1


@kernel
def _energize(
    w: NDArray[np.int64],
    z: NDArray[np.int64],
    gone: NDArray[np.int32],
    weights: NDArray[np.int64],
    energy: NDArray[np.int64],
    runs: NDArray[np.int64],
) -> None:
    """Go on with energies, none where one would rest on a sample not measured."""
    o = z[ORIGIN]
    lo = z[DONE]
    hi = min(z[WEIGHED] - w[GATHER], z[HEARD] - w[REACH])
    if hi <= lo:
        return
    n = hi - lo
    p = lo - o
    ahead = weights[p + w[GATHER] + 1 : p + w[GATHER] + 1 + n]
    behind = weights[p - w[GATHER] : p - w[GATHER] + n]
    here = energy[p : p + n]
    for k in range(n):
        here[k] = ahead[k] - behind[k]
    z[DONE] = hi
    if z[MISSING] == 0 or gone[hi + w[REACH]] == gone[lo - w[REACH]]:
        _extend(z, runs, lo, hi)
        return
    for k in range(n):
        if gone[lo + k + w[REACH] + 1] != gone[lo + k - w[REACH]]:
            here[k] = 0
        else:
            _extend(z, runs, lo + k, lo + k + 1)


@kernel
def _extend(z: NDArray[np.int64], runs: NDArray[np.int64], lo: int, hi: int) -> None:
    last = z[RUNS] - 1
    if last >= 0 and runs[last, 1] == lo:
        runs[last, 1] = hi
    else:
        runs[last + 1, 0] = lo
        runs[last + 1, 1] = hi
        z[RUNS] = last + 2


@kernel
def _scan(
    w: NDArray[np.int64],
    z: NDArray[np.int64],
    rises: NDArray[np.int64],
    energy: NDArray[np.int64],
    at: NDArray[np.int64],
) -> None:
    """Go on comparing energies; keep the tops that nothing within reach equals or exceeds."""
    o = z[ORIGIN]
    neighbor = w[NEIGHBOR]
    # What a candidate's own deflections rest on must have been heard, too.
    stop = min(z[DONE], z[HEARD] - w[AROUND] - w[BASE] - w[LONG] - 4 + neighbor)
    here = energy[: max(stop - o, 0)]
    p, best = z[SCAN] - o, z[BEST] - o
    end = stop - o
    while p < end:
        highest = here[best]
        limit = min(best + neighbor + 1, end)
        while p < limit:
            if p + BLOCK <= limit:
                block = here[p : p + BLOCK]
                most = block[0]
                for k in range(1, BLOCK):
                    most = max(most, block[k])
                if most > highest:
                    highest = most
                    k = 0
                    while block[k] < most:
                        k += 1
                    best = p + k
                    limit = min(best + neighbor + 1, end)
                p += BLOCK
                continue
            if here[p] > highest:
                highest = here[p]
                best = p
                limit = min(best + neighbor + 1, end)
            p += 1
        if p == best + neighbor + 1:
            # Nothing larger came within reach; was there before? What lies between cannot be one.
            if highest > 0 and _alone(energy, best, min(neighbor, best + o - w[REACH])):
                n = z[FOUND]
                at[n, TOP], at[n, ENERGY] = best + o, highest
                at[n, UP] = _sign(w, z, rises, best + o) if w[STEEPEST] else 1
                z[FOUND] = n + 1
            best = p
    z[SCAN], z[BEST] = max(p + o, z[SCAN]), best + o


@kernel
def _alone(energy: NDArray[np.int64], p: int, reach: int) -> bool:
    larger = 0
    for k in range(p - reach, p):
        larger += energy[k] >= energy[p]
    return larger == 0


@kernel
def tell(  # noqa: PLR0913, PLR0917  (a compiled function has no keywords)
    last: bool,  # noqa: FBT001
    told: int,
    speak_to: int,
    first: int,
    fs: float,
    floor: float,
    start_s: float,
    rest_s: float,
    numerator: int,
    denominator: int,
    w: NDArray[np.int64],
    z: NDArray[np.int64],
    x: NDArray[np.int32],
    gone: NDArray[np.int32],
    at: NDArray[np.int64],
    sizes: NDArray[np.float64],
    timed: NDArray[np.float64],
    numbers: NDArray[np.float64],
    energies: NDArray[np.float64],
    intervals: NDArray[np.float64],
    order: NDArray[np.float64],
    verdict: NDArray[np.uint8],
    sign: NDArray[np.int8],
    runs: NDArray[np.int64],
    times: NDArray[np.float64],
    flags: NDArray[np.uint8],
    bounds: NDArray[np.float64],
) -> tuple[int, int, int]:
    """Decide what can be decided; write the new final beats and searched spans.

    Parameters
    ----------
    last : bool
        Whether no more will be heard.
    told, speak_to, first : int
        Grid index before which all was told, before which the section tells, of the window.
    fs, floor : float
        Sampling frequency [Hz]; smallest energy that can be a beat.
    start_s, rest_s, numerator, denominator
        Of the grid: its start in whole seconds and the rest, and the two parts of its rate.
    w, z, x, gone, at, runs
        As of `hear`.
    sizes, timed, numbers, energies, intervals, order, verdict, sign
        As of `decide`.
    times, flags : ndarray, shape (room,)
        Room for beats. [s]
    bounds : ndarray of float64, shape (room, 2)
        Room for searched spans. [s]

    Returns
    -------
    n_beats, n_spans, upto : int
        How many were written, and the grid index before which all is told now.
    """
    n = z[FOUND]
    known = z[HEARD] if last else max(z[SCAN] - w[NEIGHBOR], 0)
    final = first + decide(
        *(at[:n], sizes, known, last, fs, floor, x, gone, w, timed),
        *(numbers, energies, intervals, order, verdict, sign),
    )
    upto = min(max(final, told), speak_to)
    n_beats = 0
    k = z[TOLD]
    while k < n and first + at[k, TOP] < upto:
        if first + at[k, TOP] >= told and verdict[k] >= BEAT:
            up = sign[k] > 0
            place = at[k, HIGH] if up else at[k, LOW]
            shift = sizes[k, HIGH_SHIFT] if up else sizes[k, LOW_SHIFT]
            index = float(first + place) + shift
            times[n_beats] = start_s + (index * denominator / numerator + rest_s)
            flags[n_beats] = 1 if verdict[k] == SEARCHED_BACK else 0
            n_beats += 1
        k += 1
    z[TOLD] = k
    n_spans = 0
    for r in range(z[RUNS]):
        lo, hi = max(runs[r, 0] + first, told), min(runs[r, 1] + first, upto)
        if lo < hi:
            bounds[n_spans, 0] = start_s + (float(lo) * denominator / numerator + rest_s)
            bounds[n_spans, 1] = start_s + (float(hi) * denominator / numerator + rest_s)
            n_spans += 1
    return n_beats, n_spans, upto
