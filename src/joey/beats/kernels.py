"""The beat detector's loops: from samples to candidates, decisions and told beats, compiled.

One section is two arrays: its samples, and a room of 64-bit words for all else, since each array
of a call costs as much as ten samples. All sums are integer sums, so a candidate is the same
whatever the chunking.

```
band   = box(short) - box(long)       symmetric, finite: fixed delay of half the long box
slope  = band[i+1] - band[i]
energy = sum over `gather` of |slope|; of the rise alone where the steepest point is timed (pleth)
candidate: the largest energy within +-neighbor, the first of equals
timed  = box(fine) - line of baseline    its line, so that a swaying one is no peak
```

Index i counts from the window's first sample. Whether there is a candidate at i depends on the
samples around i alone, so a tile of them is worked on with nothing carried from the one before.
``gone`` is a running sum: at a place stands the sum of what lies before.

The energies of a tile are 32-bit where its samples are small. With no sample over M, box widths of
a and b and g slopes gathered, a slope is at most 2 M (a + b) and an energy 2 M (a + b) g;
``z[LIMIT]`` is the largest M for which this is below 2^31 (2.4 million at 250 Hz). A tile with a
larger sample has 64-bit energies, which no 32-bit sample exceeds: the same numbers.

References to arrays are not counted, for nothing here makes any: an array handed to another loop
would cost as much as forty samples.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from joey.beats.decide import BEAT, N_NUMBERS, RING, SEARCHED_BACK, decide
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
    N_PLACES,
    N_SIZES,
    N_WIDTHS,
    NEIGHBOR,
    REACH,
    SHORT,
    STEEPEST,
    TOP,
    TURN,
    UP,
)
from joey.beats.loops import (
    LANES,
    add_up,
    compare,
    count,
    in_lanes,
    is_small,
    weigh,
    weigh_rises,
)
from joey.beats.polarity import N_COLUMNS, SIGN, turn
from joey.compiled import kernel

__all__ = ["END", "N_SPANS", "ONLY_HEAR", "TELL", "Z", "advance", "furnish"]

TILE = 2048  # samples worked on at a time: its sums stay in the fastest cache
CHUNK = 16  # samples looked at together for a candidate

# Places in the integer state of a section.
(
    HEARD,  # samples heard
    SCAN,  # index before which candidates are known
    FOUND,  # candidates
    PASSED,  # candidates that were told or passed over
    RUNS,  # runs of searched samples
    CLOSED,  # such runs that were told to their end
    MISSING,  # samples heard that were not measured
    LIMIT,  # the largest sample that 32-bit energies allow
    TOLD,  # grid index before which all was told
    SPEAK_TO,  # before which the section tells
    FIRST,  # of the window
    N_BEATS,  # told
    N_SPANS,  # told into the array that is written to
    NUMERATOR,  # of the sampling frequency
    DENOMINATOR,
    MANY,  # room for candidates
    BUFFER,  # length of the buffers of a tile
    BLOCKS,  # room for blocks that have a polarity; 0 of an ECG
    WEIGHED,  # of those
    TURNED,
    N_STATE,
) = range(21)

# What a section does once it has heard.
ONLY_HEAR, TELL, END = range(3)

# Then floats: the sampling frequency [Hz], the smallest energy of a beat, the grid's start in whole
# seconds and the rest [s], and what `decide` carries.
FS, FLOOR, START_S, REST_S, N_CLOCK = range(5)
Z = N_WIDTHS  # where the state begins
CLOCK = Z + N_STATE
NUMBERS = CLOCK + N_CLOCK
VERDICTS = NUMBERS + N_NUMBERS + 4 * RING  # what lies before is the section's, behind it the room's
N_BUFFERS = 5  # of 64 bits


def furnish(
    w: NDArray[np.int64],
    window: tuple[int, int, int],
    length: int,
    rate: tuple[int, int],
    clock: tuple[float, float, float, float],
    carried: NDArray[np.float64],
) -> tuple[NDArray[np.int64], int, int]:
    """Return how a section's room begins, how long the room is, and how many beats it may tell.

    Parameters
    ----------
    w : ndarray of int64, shape (N_WIDTHS,)
        Widths.
    window : tuple of int
        Grid indices: the first that is heard, and those that are told.
    length : int
        The most samples that are heard.
    rate : tuple of int
        The sampling frequency's numerator and denominator. [Hz]
    clock : tuple of float
        Sampling frequency [Hz], smallest energy of a beat, start of the grid in whole seconds, and
        the rest. [s]
    carried : ndarray of float64, shape (N_NUMBERS + 4 RING,)
        How `decide` begins.
    """
    first, speak_from, speak_to = window
    many = length // int(w[NEIGHBOR] + 1) + 2
    buffer = min(length, TILE) + int(w[KEEP]) + 2 * LANES
    z = np.zeros(N_STATE, dtype=np.int64)
    z[SCAN] = w[REACH]
    boxes = 2 * int(w[LONG] + w[SHORT] + 1)
    z[LIMIT] = (2**31 - 1) // (2 * boxes * (2 * int(w[GATHER]) + 1))
    z[TOLD], z[SPEAK_TO], z[FIRST] = speak_from, speak_to, first
    z[NUMERATOR], z[DENOMINATOR] = rate
    z[MANY], z[BUFFER] = many, buffer
    z[BLOCKS] = length // int(w[TURN]) + 1 if w[STEEPEST] else 0
    begin = np.concatenate((w, z, np.concatenate((clock, carried)).view(np.int64)))
    words = VERDICTS + 2 * (many // 8 + 1)
    words += many * (N_PLACES + N_SIZES + 2) + N_BUFFERS * buffer
    words += int(z[BLOCKS]) * N_COLUMNS
    return begin, words, many


@kernel(counted=False)
def advance(  # noqa: PLR0915  (a compiled function has no keywords)
    room: NDArray[np.int64],
    samples: NDArray[np.int32],
    told: NDArray[np.float64],
    measured: int,
    silent: int,
    then: int,
) -> tuple[int, int, int]:
    """Hear samples, find candidates, decide, and write what became final.

    Parameters
    ----------
    room : ndarray of int64
        What `furnish` began, changed in place.
    samples : ndarray of int32, shape (2, length + LANES)
        The window's samples, the measured ones already written; and how many before each were not
        measured, written here.
    told : ndarray of float64, shape (words,)
        The section's beats, their flags, and bounds of searched spans, as `told_parts` cuts it;
        those that became final are written behind the others. [s]
    measured, silent : int
        How many measured samples follow those heard, and then how many that were not measured.
    then : int
        `TELL`: decide, and write what became final; `END`: all of it, for no more will be heard.

    Returns
    -------
    n_beats, n_spans, upto : int
        How many beats the section has told, how many spans stand in `told`, and the grid index
        before which all is told now.
    """
    w = room[:N_WIDTHS]
    z = room[Z:CLOCK]
    clock = room[CLOCK:NUMBERS].view(np.float64)
    p = NUMBERS
    numbers = room[p : p + N_NUMBERS].view(np.float64)
    p += N_NUMBERS
    energies = room[p : p + RING].view(np.float64)
    p += RING
    intervals = room[p : p + RING].view(np.float64)
    p += RING
    order = room[p : p + 2 * RING].view(np.float64).reshape(2, RING)
    p += 2 * RING
    many, marks, buffer = z[MANY], z[MANY] // 8 + 1, z[BUFFER]
    verdict = room[p : p + marks].view(np.uint8)
    p += marks
    sign = room[p : p + marks].view(np.int8)
    p += marks
    at = room[p : p + many * N_PLACES].reshape(many, N_PLACES)
    p += many * N_PLACES
    sizes = room[p : p + many * N_SIZES].view(np.float64).reshape(many, N_SIZES)
    p += many * N_SIZES
    runs = room[p : p + many * 2].reshape(many, 2)
    p += many * 2
    wide = room[p : p + N_BUFFERS * buffer].reshape(N_BUFFERS, buffer)
    narrow = room[p : p + N_BUFFERS * buffer].view(np.int32).reshape(2 * N_BUFFERS, buffer)
    p += N_BUFFERS * buffer
    blocks = room[p : p + z[BLOCKS] * N_COLUMNS].view(np.float64).reshape(-1, N_COLUMNS)
    x, gone = samples[0], samples[1]

    if z[HEARD] == 0:
        verdict[:] = 0
    _hear(measured, silent, z, x, gone)
    # What a candidate and its deflections rest on must have been heard.
    ahead = max(w[NEIGHBOR] + w[REACH], w[AROUND] + w[BASE] + w[LONG] + 4)
    stop = z[HEARD] - ahead
    if w[STEEPEST]:
        z[WEIGHED], z[TURNED] = turn(z[WEIGHED], z[TURNED], z[HEARD], w, x, gone, blocks)
        stop = min(stop, z[TURNED] * w[TURN] - w[NEIGHBOR] - w[GATHER])
    while z[SCAN] < stop:
        hi = min(z[SCAN] + TILE, stop)
        _cover(z[SCAN], hi, w, z, gone, runs)
        # Energies are needed `neighbor` to either side, slopes `gather` more; none before `reach`.
        begin = max(z[SCAN] - w[NEIGHBOR], w[REACH]) - w[GATHER]
        end = hi + w[NEIGHBOR] + w[GATHER]
        if w[STEEPEST]:
            weigh_rises(begin, end, w, x, blocks, wide[0])
            found = z[FOUND]
            _search(z[SCAN], hi, w, z, gone, wide, at)
            for k in range(found, z[FOUND]):
                at[k, UP] = int(blocks[at[k, TOP] // w[TURN], SIGN])
        elif is_small(x, begin - w[LONG], end + w[LONG] + 1, np.int32(z[LIMIT])):
            weigh(begin, end, w, x, narrow[0])
            _search(z[SCAN], hi, w, z, gone, narrow, at)
        else:
            weigh(begin, end, w, x, wide[0])
            _search(z[SCAN], hi, w, z, gone, wide, at)
        z[SCAN] = hi
    if then == ONLY_HEAR:
        return z[N_BEATS], z[N_SPANS], z[TOLD]
    last = then == END
    if z[MISSING] == 0:
        gone = gone[:0]
    n = z[FOUND]
    known = z[HEARD] if last else z[SCAN]
    final = z[FIRST] + decide(
        *(at[:n], sizes, known, last, clock[FS], clock[FLOOR], x, gone, w),
        wide[0, : 2 * w[AROUND] + 1],
        *(numbers, energies, intervals, order, verdict, sign),
    )
    upto = min(max(final, z[TOLD]), z[SPEAK_TO])
    times, flags, bounds = told_parts(told, many)
    _tell_beats(upto, z, clock, at, sizes, verdict, sign, times, flags)
    _tell_spans(upto, z, clock, runs, bounds)
    z[TOLD] = upto
    return z[N_BEATS], z[N_SPANS], upto


@kernel(counted=False)
def told_parts(
    told: NDArray[np.float64], many: int
) -> tuple[NDArray[np.float64], NDArray[np.uint8], NDArray[np.float64]]:
    """Return times, flags and bounds of spans in what is told; one array, as each costs a call."""
    behind = many + many // 8 + 1
    return told[:many], told[many:behind].view(np.uint8), told[behind:].reshape(-1, 2)


@kernel(counted=False)
def _hear(
    measured: int,
    silent: int,
    z: NDArray[np.int64],
    x: NDArray[np.int32],
    gone: NDArray[np.int32],
) -> None:
    """Go on by measured samples, then by some that were not measured."""
    heard = z[HEARD]
    if z[MISSING] > 0:  # until then all of it is zero
        gone[heard + 1 : heard + 1 + measured] = z[MISSING]
    heard += measured
    if silent > 0:
        x[heard : heard + silent] = 0
        for k in range(silent):
            gone[heard + 1 + k] = z[MISSING] + k + 1
        z[MISSING] += silent
    z[HEARD] = heard + silent


@kernel(counted=False)
def _cover(
    lo: int,
    hi: int,
    w: NDArray[np.int64],
    z: NDArray[np.int64],
    gone: NDArray[np.int32],
    runs: NDArray[np.int64],
) -> None:
    """Note which of the samples `lo` to before `hi` have an energy that rests on measured ones."""
    reach = w[REACH]
    if z[MISSING] == 0 or gone[hi + reach] == gone[lo - reach]:
        _extend(z, runs, lo, hi)
        return
    for i in range(lo, hi):
        if gone[i + reach + 1] == gone[i - reach]:
            _extend(z, runs, i, i + 1)


@kernel(counted=False)
def _extend(z: NDArray[np.int64], runs: NDArray[np.int64], lo: int, hi: int) -> None:
    last = z[RUNS] - 1
    if last >= 0 and runs[last, 1] == lo:
        runs[last, 1] = hi
    else:
        runs[last + 1, 0] = lo
        runs[last + 1, 1] = hi
        z[RUNS] = last + 2


@kernel(counted=False)
def _search(
    lo: int,
    hi: int,
    w: NDArray[np.int64],
    z: NDArray[np.int64],
    gone: NDArray[np.int32],
    buffers: NDArray[np.integer],
    at: NDArray[np.int64],
) -> None:
    """Write the candidates among `lo` to before `hi`, the weights of whose slopes are written."""
    neighbor, reach = w[NEIGHBOR], w[REACH]
    begin, end = max(lo - neighbor, reach), hi + neighbor
    m, absent = hi - lo, begin - (lo - neighbor)
    energy = buffers[2]  # from lo - neighbor
    energy[:absent] = 0
    known = energy[absent : absent + end - begin]
    n = in_lanes(end - begin)
    none = buffers[4]
    none[:n] = 0
    add_up(buffers[0], buffers[1], none, energy[absent : absent + n], 2 * w[GATHER] + 1)
    if z[MISSING] > 0:
        fewer, more = gone[begin - reach : end - reach], gone[begin + reach + 1 : end + reach + 1]
        for k in range(len(known)):
            if more[k] != fewer[k]:
                known[k] = 0
    hits = buffers[0] if compare(energy, buffers[0], buffers[1], neighbor, m) else buffers[1]
    _note_all(lo, m, hits, energy[neighbor:], z, at)


@kernel(counted=False)
def _note_all(
    lo: int,
    m: int,
    hits: NDArray[np.integer],
    energy: NDArray[np.integer],
    z: NDArray[np.int64],
    at: NDArray[np.int64],
) -> None:
    """Write the candidates where `hits` is 1, in the first `m` places."""
    length = in_lanes(m)
    hits[m:length] = 0
    for start in range(0, length, LANES):
        if count(hits[start : start + LANES]) == 0:
            continue
        for first in range(start, start + LANES, CHUNK):
            chunk = hits[first : first + CHUNK]
            many = place = 0
            for k in range(CHUNK):
                many += chunk[k]
                place += k * chunk[k]
            if many == 1:
                _note(lo, first + place, energy[first + place], z, at)
            elif many > 1:  # only where beats may be fewer samples apart
                for k in range(CHUNK):
                    if chunk[k]:
                        _note(lo, first + k, energy[first + k], z, at)


@kernel(counted=False)
def _note(lo: int, k: int, energy: int, z: NDArray[np.int64], at: NDArray[np.int64]) -> None:
    n = z[FOUND]
    at[n, TOP], at[n, ENERGY], at[n, UP] = lo + k, energy, 1
    z[FOUND] = n + 1


@kernel(counted=False)
def _tell_beats(  # noqa: PLR0913, PLR0917
    upto: int,
    z: NDArray[np.int64],
    clock: NDArray[np.float64],
    at: NDArray[np.int64],
    sizes: NDArray[np.float64],
    verdict: NDArray[np.uint8],
    sign: NDArray[np.int8],
    times: NDArray[np.float64],
    flags: NDArray[np.uint8],
) -> None:
    """Write the beats whose energies top before grid index `upto`."""
    k, n_beats = z[PASSED], z[N_BEATS]
    while k < z[FOUND] and z[FIRST] + at[k, TOP] < upto:
        if z[FIRST] + at[k, TOP] >= z[TOLD] and verdict[k] >= BEAT:
            up = sign[k] > 0
            place = at[k, HIGH] if up else at[k, LOW]
            shift = sizes[k, HIGH_SHIFT] if up else sizes[k, LOW_SHIFT]
            times[n_beats] = _time(float(z[FIRST] + place) + shift, z, clock)
            flags[n_beats] = 1 if verdict[k] == SEARCHED_BACK else 0
            n_beats += 1
        k += 1
    z[PASSED], z[N_BEATS] = k, n_beats


@kernel(counted=False)
def _tell_spans(
    upto: int,
    z: NDArray[np.int64],
    clock: NDArray[np.float64],
    runs: NDArray[np.int64],
    bounds: NDArray[np.float64],
) -> None:
    """Write what was searched before grid index `upto`."""
    r, n_spans = z[CLOSED], z[N_SPANS]
    while r < z[RUNS] and runs[r, 0] + z[FIRST] < upto:
        lo, hi = max(runs[r, 0] + z[FIRST], z[TOLD]), min(runs[r, 1] + z[FIRST], upto)
        if lo < hi:
            bounds[n_spans, 0] = _time(float(lo), z, clock)
            bounds[n_spans, 1] = _time(float(hi), z, clock)
            n_spans += 1
        r += 1
    z[CLOSED] = max(r - 1, 0)  # the last of them may still grow
    z[N_SPANS] = n_spans


@kernel(counted=False)
def _time(index: float, z: NDArray[np.int64], clock: NDArray[np.float64]) -> float:
    """Return the time at a place of the grid, as `Grid.times` does. [s]"""
    within = index * z[DENOMINATOR] / z[NUMERATOR]
    return float(clock[START_S] + (within + clock[REST_S]))
