"""The beat detector's loops: from samples to candidates, decisions and told beats, compiled.

One section is a handful of arrays: short buffers, which hold the last second or two and the tile
in work, and the candidates found so far. All sums are integer sums, so a candidate is the same
whatever the chunking; a loop over slices of a tile is left to the compiler to make wide.

```
band   = box(short) - box(long)       symmetric, finite: fixed delay of half the long box
slope  = band[i+1] - band[i]
energy = sum over `gather` of |slope|; of the rise alone where the steepest point is timed (pleth)
candidate: the largest energy within +-neighbor
timed  = box(fine) - box(baseline)    wide enough that a deflection keeps its own sign and size
```

Index i counts from the window's first sample; its buffer position is i - ``z[ORIGIN]``. ``gone``,
``rises`` and ``weights`` are running sums: at a position stands the sum of what lies before it.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from joey.beats.decide import BEAT, SEARCHED_BACK, decide

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
    TOP,  # the largest energy in reach
    FOUND,  # candidates
    TOLD,  # candidates that were told or passed over
    RUNS,  # runs of searched samples
    MISSING,  # samples heard that were not measured
    N_STATE,
) = range(12)

# Places in the widths of a recipe, in samples (half widths where a box is centred).
SHORT, LONG, FINE, BASE, GATHER, AROUND, NEIGHBOR, TURN, STEEPEST, REACH, KEEP, N_WIDTHS = range(12)

TURNED = 0.13  # (rising - falling) / all samples: an upright pulse rises faster than it falls


@njit(cache=True)
def hear(  # noqa: PLR0913, PLR0917  (a compiled function has no keywords)
    counts: NDArray[np.int32],
    measured: bool,  # noqa: FBT001
    number: int,
    w: NDArray[np.int64],
    z: NDArray[np.int64],
    x: NDArray[np.int64],
    gone: NDArray[np.int64],
    slopes: NDArray[np.int64],
    rises: NDArray[np.int64],
    weights: NDArray[np.int64],
    energy: NDArray[np.int64],
    at: NDArray[np.int64],
    sizes: NDArray[np.float64],
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
        The section's state and buffers, changed in place.
    at : ndarray of int64, shape (room, 4)
        Candidates: index, energy, index of the highest and of the lowest deflection near.
    sizes : ndarray of float64, shape (room, 4)
        Their size upwards and downwards [counts], and the sub-sample parts of the two places.
    runs : ndarray of int64, shape (room, 2)
        Searched samples.
    """
    room = len(energy)
    taken = 0
    while taken < number:
        filled = z[HEARD] - z[ORIGIN]
        if filled + 1 >= room - 1:
            _forget(w, z, x, gone, slopes, rises, weights, energy)
            filled = z[HEARD] - z[ORIGIN]
        m = min(number - taken, room - 2 - filled, TILE)
        here = x[filled : filled + m]
        if measured:
            part = counts[taken : taken + m]
            for k in range(m):
                here[k] = part[k]
        else:
            here[:] = 0
            z[MISSING] += m
        if z[MISSING] > 0:  # until then all of it is zero
            each = 0 if measured else 1
            for k in range(m):
                gone[filled + 1 + k] = gone[filled] + each * (k + 1)
        taken += m
        z[HEARD] += m
        _weigh(w, z, x, slopes, rises, weights)
        _energize(w, z, gone, weights, energy, runs)
        _scan(w, z, x, gone, slopes, rises, energy, at, sizes)


@njit(cache=True)
def _forget(
    w: NDArray[np.int64],
    z: NDArray[np.int64],
    x: NDArray[np.int64],
    gone: NDArray[np.int64],
    slopes: NDArray[np.int64],
    rises: NDArray[np.int64],
    weights: NDArray[np.int64],
    energy: NDArray[np.int64],
) -> None:
    """Move the last `KEEP` samples' sums to the front of the buffers."""
    filled = z[HEARD] - z[ORIGIN]
    drop = filled - w[KEEP]
    if drop <= 0:
        return
    for k in range(w[KEEP] + 1):
        x[k] = x[k + drop]
        gone[k] = gone[k + drop]
        slopes[k] = slopes[k + drop]
        rises[k] = rises[k + drop]
        weights[k] = weights[k + drop]
        energy[k] = energy[k + drop]
    z[ORIGIN] += drop


@njit(cache=True)
def _weigh(
    w: NDArray[np.int64],
    z: NDArray[np.int64],
    x: NDArray[np.int64],
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
    in_short, out_short = x[p + short + 1 : p + short + 1 + n], x[p - short : p - short + n]
    in_long, out_long = x[p + long + 1 : p + long + 1 + n], x[p - long : p - long + n]
    z[SLOPED] = hi
    if not w[STEEPEST]:
        weight = weights[p + 1 : p + 1 + n]
        total = weights[p]
        for k in range(n):
            total += abs(a * (in_short[k] - out_short[k]) - b * (in_long[k] - out_long[k]))
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


@njit(cache=True)
def _sign(w: NDArray[np.int64], z: NDArray[np.int64], rises: NDArray[np.int64], i: int) -> int:
    """Return -1 where the pulse is upside down: it rises for longer than it falls."""
    p = i - z[ORIGIN]
    lower = max(p - w[TURN], 0) if z[ORIGIN] == 0 else p - w[TURN]
    rising = rises[p + w[TURN] + 1] - rises[lower]
    return -1 if rising > TURNED * (2 * w[TURN] + 1) else 1


@njit(cache=True)
def _energize(
    w: NDArray[np.int64],
    z: NDArray[np.int64],
    gone: NDArray[np.int64],
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
    if gone[p + n + w[REACH]] == gone[p - w[REACH]]:
        _extend(z, runs, lo, hi)
        return
    for k in range(n):
        if gone[p + k + w[REACH] + 1] != gone[p + k - w[REACH]]:
            here[k] = 0
        else:
            _extend(z, runs, lo + k, lo + k + 1)


@njit(cache=True)
def _extend(z: NDArray[np.int64], runs: NDArray[np.int64], lo: int, hi: int) -> None:
    last = z[RUNS] - 1
    if last >= 0 and runs[last, 1] == lo:
        runs[last, 1] = hi
    else:
        runs[last + 1, 0] = lo
        runs[last + 1, 1] = hi
        z[RUNS] = last + 2


@njit(cache=True)
def _scan(
    w: NDArray[np.int64],
    z: NDArray[np.int64],
    x: NDArray[np.int64],
    gone: NDArray[np.int64],
    slopes: NDArray[np.int64],
    rises: NDArray[np.int64],
    energy: NDArray[np.int64],
    at: NDArray[np.int64],
    sizes: NDArray[np.float64],
) -> None:
    """Go on comparing energies; keep the tops that nothing within reach equals or exceeds."""
    o = z[ORIGIN]
    neighbor = w[NEIGHBOR]
    # What a candidate's own deflections rest on must have been heard, too.
    stop = min(z[DONE], z[HEARD] - w[AROUND] - w[BASE] - 4 + neighbor)
    i, top = z[SCAN], z[TOP]
    while i < stop:
        if i == top:
            i += 1
            continue
        highest = energy[top - o]
        limit = min(top + neighbor + 1, stop)
        here = energy[i - o : limit - o]
        k = 0
        while k < len(here):
            if here[k] > highest:
                highest = here[k]
                top = i + k
                limit = min(top + neighbor + 1, stop)
                here = energy[i - o : limit - o]
            k += 1
        i = limit
        if i == top + neighbor + 1:
            # Nothing larger came within reach; was there before? What lies between cannot be one.
            if highest > 0 and _alone(energy, top - o, min(neighbor, top - w[REACH])):
                _keep(w, z, x, gone, slopes, rises, highest, top, at, sizes)
            top = i
    z[SCAN], z[TOP] = i, top


@njit(cache=True)
def _alone(energy: NDArray[np.int64], p: int, reach: int) -> bool:
    for k in range(p - reach, p):
        if energy[k] >= energy[p]:
            return False
    return True


@njit(cache=True)
def _keep(
    w: NDArray[np.int64],
    z: NDArray[np.int64],
    x: NDArray[np.int64],
    gone: NDArray[np.int64],
    slopes: NDArray[np.int64],
    rises: NDArray[np.int64],
    highest: int,
    top: int,
    at: NDArray[np.int64],
    sizes: NDArray[np.float64],
) -> None:
    """Add a candidate with the deflections around it."""
    wide = w[AROUND] + 1
    timed = np.empty(2 * wide + 1)
    if w[STEEPEST]:
        up = _sign(w, z, rises, top)
        for k in range(2 * wide + 1):
            timed[k] = up * slopes[top - wide + k - z[ORIGIN]]
    else:
        _levels(w, x, gone, top - wide - z[ORIGIN], timed)
    high = low = 1
    for k in range(2, 2 * wide):
        if timed[k] > timed[high]:
            high = k
        if timed[k] < timed[low]:
            low = k
    n = z[FOUND]
    at[n, 0], at[n, 1], at[n, 2], at[n, 3] = top, highest, top - wide + high, top - wide + low
    # A slope lies between its two samples.
    half = 0.5 if w[STEEPEST] else 0.0
    sizes[n, 0], sizes[n, 1] = timed[high], -timed[low]
    sizes[n, 2], sizes[n, 3] = _shift(timed, high) + half, _shift(timed, low) + half
    z[FOUND] = n + 1


@njit(cache=True)
def _levels(
    w: NDArray[np.int64],
    x: NDArray[np.int64],
    gone: NDArray[np.int64],
    p: int,
    timed: NDArray[np.float64],
) -> None:
    """Write the deflections from the mean of the measured samples around, from position p on."""
    fine, base = w[FINE], w[BASE]
    near = 0
    for k in range(p - fine, p + fine + 1):
        near += x[k]
    around = 0
    for k in range(max(p - base, 0), p + base + 1):
        around += x[k]
    for k in range(len(timed)):
        q = p + k
        lower = max(q - base, 0)
        number = q + base + 1 - lower - (gone[q + base + 1] - gone[lower])
        timed[k] = near / (2 * fine + 1) - around / max(number, 1)
        near += x[q + fine + 1] - x[q - fine]
        around += x[q + base + 1] - (x[q - base] if q >= base else 0)


@njit(cache=True)
def _shift(timed: NDArray[np.float64], best: int) -> float:
    """Return the top of the parabola through the three samples around a place. [samples]"""
    left, top, right = timed[best - 1], timed[best], timed[best + 1]
    bend = left - 2.0 * top + right
    if bend == 0.0:
        return 0.0
    return float(min(max(0.5 * (left - right) / bend, -0.5), 0.5))


@njit(cache=True)
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
    at: NDArray[np.int64],
    sizes: NDArray[np.float64],
    numbers: NDArray[np.float64],
    energies: NDArray[np.float64],
    intervals: NDArray[np.float64],
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
    w, z, at, sizes, runs
        As of `hear`.
    numbers, energies, intervals, verdict, sign
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
        at[:n, 0],
        at[:n, 1],
        sizes[:n, 0],
        sizes[:n, 1],
        known,
        last,
        fs,
        floor,
        numbers,
        energies,
        intervals,
        verdict,
        sign,
    )
    upto = min(max(final, told), speak_to)
    n_beats = 0
    k = z[TOLD]
    while k < n and first + at[k, 0] < upto:
        if first + at[k, 0] >= told and verdict[k] >= BEAT:
            up = sign[k] > 0
            place = at[k, 2] if up else at[k, 3]
            shift = sizes[k, 2] if up else sizes[k, 3]
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
