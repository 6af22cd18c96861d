"""The beat detector's loops: from samples to candidates, decisions and told beats, compiled.

One section is one array, a workspace of 64-bit words, since each array of a call costs as much as
ten samples. All sums are integer sums, so a candidate is the same
whatever the chunking.

```
band   = box(short) - box(long)       symmetric, finite: fixed delay of half the long box
slope  = band[i+1] - band[i]
energy = sum over `gather` of |slope|; of the rise alone where the steepest point is timed (pleth);
         of whole strides, of one or more samples: it is smooth, so looking more often finds no more
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
would cost as much as forty samples. Still it is seven words that are copied, so the small functions
of a beat are compiled into those that call them; and to make a table of a row takes 8 ns.
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
    KEEP,
    LONG,
    LOW,
    N_PLACES,
    N_SIZES,
    N_WIDTHS,
    NEIGHBOR,
    REACH,
    SHORT,
    STEEPEST,
    STRIDE,
    TOP,
    TURN,
    UP,
    pinpoint,
)
from joey.beats.loops import (
    CHUNK,
    LANES,
    add_up,
    compare,
    in_lanes,
    is_small,
    pair_up,
    weigh,
    weigh_rises,
    where_one,
)
from joey.beats.medians import RING
from joey.beats.memory import N_NUMBERS, N_RINGS
from joey.beats.polarity import N_COLUMNS, SIGN, turn
from joey.beats.recipes import END, ONLY_HEAR
from joey.compiled import kernel

__all__ = [
    "FOUND",
    "N_SPANS",
    "SILENT",
    "SPARE",
    "TOP",
    "TURN",
    "Z",
    "address",
    "advance",
    "furnish",
    "tables_of",
]

TILE = 4096  # samples worked on at a time: its sums stay in the fastest cache

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
    MANY,  # candidates at most
    BUFFER,  # length of the buffers of a tile
    BLOCKS,  # blocks that have a polarity, at most; 0 of an ECG
    WEIGHED,  # of those
    TURNED,
    SAMPLES,  # where in the workspace the samples begin
    SILENT,  # samples not measured behind those that are heard next
    FLAGGED,  # beats told with a flag
    BEFORE,  # index, from the window's first sample, of the beat told last
    N_STATE,
) = range(25)

# Then floats: the sampling frequency [Hz], the smallest energy of a beat, the grid's start in whole
# seconds and the rest [s], and what `decide` carries.
FS, FLOOR, START_S, REST_S, N_CLOCK = range(5)
Z = N_WIDTHS  # where the state begins
CLOCK = Z + N_STATE
NUMBERS = CLOCK + N_CLOCK
VERDICTS = (
    NUMBERS + N_NUMBERS + N_RINGS * RING
)  # what lies before is the section's, behind it the workspace's
N_BUFFERS = 4  # of 64 bits
SPARE = 64  # samples that loops may read, and not use, behind the last; even


def furnish(
    w: NDArray[np.int64],
    length: int,
    rate: tuple[int, int],
    floor: float,
    carried: NDArray[np.float64],
) -> tuple[NDArray[np.int64], int, int]:
    """Return how a section's workspace begins, how long it is, and how many beats it may tell.

    Parameters
    ----------
    w : ndarray of int64, shape (N_WIDTHS,)
        Widths.
    length : int
        The most samples that are heard.
    rate : tuple of int
        The sampling frequency's numerator and denominator. [Hz]
    floor : float
        Smallest energy of a beat.
    carried : ndarray of float64, shape (N_NUMBERS + N_RINGS RING,)
        How `decide` begins.
    """
    many = length // int(w[NEIGHBOR] + 1) + 2
    buffer = min(length, TILE) + int(w[KEEP]) + 2 * LANES
    z = np.zeros(N_STATE, dtype=np.int64)
    z[SCAN] = w[REACH]
    boxes = 2 * int(w[LONG] + w[SHORT] + 1)
    z[LIMIT] = (2**31 - 1) // (2 * boxes * int(2 * w[GATHER] + w[STRIDE]))
    z[NUMERATOR], z[DENOMINATOR] = rate
    z[MANY], z[BUFFER] = many, buffer
    clock = np.array([rate[0] / rate[1], floor, 0.0, 0.0])
    z[BLOCKS] = length // int(w[TURN]) + 1 if w[STEEPEST] else 0
    carried = np.concatenate((clock, carried)).view(np.int64)
    words = VERDICTS + 2 * (many // 8 + 1)
    words += many * (N_PLACES + N_SIZES + 2) + N_BUFFERS * buffer
    words += int(z[BLOCKS]) * N_COLUMNS
    z[SAMPLES] = words
    return np.concatenate((w, z, carried)), words + length + SPARE, many


def address(
    work: NDArray[np.int64], first: int, speak: tuple[int, int], start: tuple[float, float]
) -> None:
    """Write into a section's workspace what is its own.

    Parameters
    ----------
    work : ndarray of int64
        What `furnish` began.
    first : int
        Grid index of the first sample that is heard.
    speak : tuple of int
        Grid indices from and before which is told.
    start : tuple of float
        The grid's start in whole seconds, and the rest. [s]
    """
    work[Z + TOLD], work[Z + SPEAK_TO] = speak
    work[Z + FIRST] = first
    work[CLOCK + START_S : CLOCK + N_CLOCK].view(np.float64)[:] = start


@kernel(counted=False)
def advance(  # noqa: PLR0915  (a compiled function has no keywords)
    work: NDArray[np.int64],
    told: NDArray[np.float64],
    measured: int,
    then: int,
) -> tuple[int, int, int, int]:
    """Hear samples, find candidates, decide, and write what became final.

    Parameters
    ----------
    work : ndarray of int64
        What `furnish` began, changed in place; the measured ones of the window's `samples_of` are
        already written.
    told : ndarray of float64, shape (words,)
        The section's beats, their flags, and bounds of searched spans, as `told_parts` cuts it;
        those that became final are written behind the others. [s]
    measured : int
        How many measured samples follow those heard; then come as many as `SILENT` says that were
        not measured.
    then : int
        `TELL`: decide, and write what became final; `END`: all of it, for no more will be heard.

    Returns
    -------
    n_beats, n_flagged, n_spans, upto : int
        How many beats the section has told, how many of these with a flag, how many spans stand in
        `told`, and the grid index before which all is told now.
    """
    w = work[:N_WIDTHS]
    z = work[Z:CLOCK]
    clock = work[CLOCK:NUMBERS].view(np.float64)
    p = NUMBERS
    numbers = work[p : p + N_NUMBERS].view(np.float64)
    p += N_NUMBERS
    rings = work[p : p + N_RINGS * RING].view(np.float64).reshape(N_RINGS, RING)
    p += N_RINGS * RING
    many, marks, buffer = z[MANY], z[MANY] // 8 + 1, z[BUFFER]
    verdict = work[p : p + marks].view(np.uint8)
    p += marks
    sign = work[p : p + marks].view(np.int8)
    p += marks
    at = work[p : p + many * N_PLACES].reshape(many, N_PLACES)
    p += many * N_PLACES
    sizes = work[p : p + many * N_SIZES].view(np.float64).reshape(many, N_SIZES)
    p += many * N_SIZES
    runs = work[p : p + many * 2]
    p += many * 2
    x, gone = samples_of(work)

    if z[HEARD] == 0:
        verdict[:] = 0
    _hear(measured, z[SILENT], z, x, gone)
    z[SILENT] = 0
    # What a candidate and its deflections rest on must have been heard.
    ahead = max(w[NEIGHBOR] + w[REACH], w[AROUND] + w[BASE] + w[LONG] + 4)
    stop = z[HEARD] - ahead
    if w[STEEPEST]:
        blocks = _blocks_of(work, p + N_BUFFERS * buffer, z[BLOCKS])
        z[WEIGHED], z[TURNED] = turn(z[WEIGHED], z[TURNED], z[HEARD], w, x, gone, blocks)
        stop = min(stop, z[TURNED] * w[TURN] - w[NEIGHBOR] - w[GATHER])
    stop -= (stop - z[SCAN]) % w[STRIDE]
    # A live second's buffers lie close together: memory far apart is slow to reach.
    row = min(buffer, max(stop - z[SCAN], w[AROUND]) + w[KEEP] + 2 * LANES)
    buffers = work[p : p + N_BUFFERS * row]
    while z[SCAN] < stop:
        hi = min(z[SCAN] + TILE, stop)
        _cover(z[SCAN], hi, w, z, gone, runs)
        # Energies are needed `neighbor` to either side, slopes `gather` more; none before `reach`.
        begin = max(z[SCAN] - w[NEIGHBOR], w[REACH]) - w[GATHER]
        end = hi + w[NEIGHBOR] + w[GATHER]
        if w[STEEPEST]:
            blocks = _blocks_of(work, p + N_BUFFERS * buffer, z[BLOCKS])
            wide = buffers.reshape(N_BUFFERS, row)
            weigh_rises(begin, end, w, x, blocks, wide[0])
            found = z[FOUND]
            _search(z[SCAN], hi, w, z, gone, wide, at)
            for k in range(found, z[FOUND]):
                at[k, UP] = int(blocks[at[k, TOP] // w[TURN], SIGN])
        elif is_small(x, begin - w[LONG], end + w[LONG] + 1, np.int32(z[LIMIT])):
            narrow = buffers.view(np.int32).reshape(2 * N_BUFFERS, row)
            weigh(begin, end, w, x, narrow[0])
            _search(z[SCAN], hi, w, z, gone, narrow, at)
        else:
            wide = buffers.reshape(N_BUFFERS, row)
            weigh(begin, end, w, x, wide[0])
            _search(z[SCAN], hi, w, z, gone, wide, at)
        z[SCAN] = hi
    if then == ONLY_HEAR:
        return z[N_BEATS], z[FLAGGED], z[N_SPANS], z[TOLD]
    last = then == END
    if z[MISSING] == 0:
        gone = gone[:0]
    n = z[FOUND]
    known = z[HEARD] if last else z[SCAN]
    final = z[FIRST] + decide(
        *(at[:n], sizes, known, last, clock[FS], clock[FLOOR], x, gone, w),
        buffers[: 2 * w[AROUND] + 1],
        *(numbers, rings, verdict, sign),
    )
    upto = min(max(final, z[TOLD]), z[SPEAK_TO])
    times, flags, bounds = told_parts(told, many)
    _tell_beats(upto, x, w, z, clock, at, sizes, verdict, sign, times, flags)
    _tell_spans(upto, z, clock, runs, bounds)
    z[TOLD] = upto
    return z[N_BEATS], z[FLAGGED], z[N_SPANS], upto


@kernel(inline="always", counted=False)
def _blocks_of(work: NDArray[np.int64], first: int, number: int) -> NDArray[np.float64]:
    """Return what is known of the blocks that have a polarity, which begins at `first`."""
    part = work[first : first + number * N_COLUMNS].view(np.float64)
    return part.reshape(number, N_COLUMNS)


@kernel(counted=False)
def samples_of(work: NDArray[np.int64]) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Return the window's samples, and how many before each were not measured."""
    part = work[work[Z + SAMPLES] :].view(np.int32)
    return part[: len(part) // 2], part[len(part) // 2 :]


def tables_of(work: NDArray[np.int64]) -> tuple[NDArray[np.int64], ...]:
    """Return the words of a section's candidates, of their sizes, of its blocks, and its buffers.

    Shapes (most, N_PLACES), (most, N_SIZES), (blocks, N_COLUMNS) and (words,).
    """
    z = work[Z:CLOCK]
    many = int(z[MANY])
    first = VERDICTS + 2 * (many // 8 + 1)
    sizes = first + many * N_PLACES
    behind = sizes + many * N_SIZES
    buffers = behind + many * 2
    blocks = buffers + N_BUFFERS * int(z[BUFFER])
    return (
        work[first:sizes].reshape(many, N_PLACES),
        work[sizes:behind].reshape(many, N_SIZES),
        work[blocks : blocks + int(z[BLOCKS]) * N_COLUMNS].reshape(-1, N_COLUMNS),
        work[buffers:blocks],
    )


@kernel(counted=False)
def told_parts(
    told: NDArray[np.float64], many: int
) -> tuple[NDArray[np.float64], NDArray[np.uint8], NDArray[np.float64]]:
    """Return times, flags, and bounds of spans two by two: one array, as each costs a call."""
    behind = many + many // 8 + 1
    return told[:many], told[many:behind].view(np.uint8), told[behind:]


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
    if last >= 0 and runs[2 * last + 1] == lo:
        runs[2 * last + 1] = hi
    else:
        runs[2 * last + 2] = lo
        runs[2 * last + 3] = hi
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
    stride, reach = w[STRIDE], w[REACH]
    neighbor, gather = w[NEIGHBOR] // stride, w[GATHER] // stride  # from here on in strides
    begin, end = max(lo - w[NEIGHBOR], reach), hi + w[NEIGHBOR]
    m, many = (hi - lo) // stride, (end - begin) // stride
    absent = (begin - (lo - w[NEIGHBOR])) // stride
    energy = buffers[2]  # from lo - neighbor
    energy[:absent] = 0
    known = energy[absent : absent + many]
    n = in_lanes(many)
    spare = buffers[3]
    parts, other = buffers[0], buffers[1]
    size = 1
    while size < stride:
        size *= 2
        pair_up(parts, other[: in_lanes((end - begin + 2 * w[GATHER]) // size)])
        parts, other = other, parts
    add_up(parts, other, spare, energy[absent : absent + n], 2 * gather + 1)
    if z[MISSING] > 0:
        fewer, more = gone[begin - reach : end - reach], gone[begin + reach + 1 : end + reach + 1]
        for k in range(many):
            if more[k * stride] != fewer[k * stride]:
                known[k] = 0
    hits = spare.view(np.uint8)[: in_lanes(m)]
    compare(energy, buffers[0], buffers[1], neighbor, hits)
    _note_all(lo, m, stride, hits, energy[neighbor:], z, at)


@kernel(counted=False)
def _note_all(
    lo: int,
    m: int,
    stride: int,
    hits: NDArray[np.uint8],
    energy: NDArray[np.integer],
    z: NDArray[np.int64],
    at: NDArray[np.int64],
) -> None:
    """Write the candidates where `hits` is 1, in the first `m` strides."""
    hits[m:] = 0
    middle = lo + stride // 2
    words = hits.view(np.int64)
    for j in range(len(words)):
        if words[j] == 0:
            continue
        first, place = CHUNK * j, where_one(words[j])
        if place >= 0:
            k = first + place
            _note(middle + k * stride, energy[k], z, at)
            continue
        for k in range(first, first + CHUNK):  # only where beats may be fewer places apart
            if hits[k]:
                _note(middle + k * stride, energy[k], z, at)


@kernel(counted=False)
def _note(top: int, energy: int, z: NDArray[np.int64], at: NDArray[np.int64]) -> None:
    n = z[FOUND]
    at[n, TOP], at[n, ENERGY], at[n, UP] = top, energy, 1
    z[FOUND] = n + 1


@kernel(counted=False)
def _tell_beats(  # noqa: PLR0913, PLR0917
    upto: int,
    x: NDArray[np.int32],
    w: NDArray[np.int64],
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
        up = sign[k] > 0
        near = at[k, HIGH] if up else at[k, LOW]
        told = z[FIRST] + at[k, TOP] >= z[TOLD]
        # In noise two candidates may be timed at one place.
        if told and verdict[k] >= BEAT and near > z[BEFORE]:
            z[BEFORE] = near
            place = pinpoint(x, w, at, sizes, k, up)
            times[n_beats] = _time(z[FIRST] + place, z, clock)
            flags[n_beats] = 1 if verdict[k] == SEARCHED_BACK else 0
            z[FLAGGED] += flags[n_beats]
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
    while r < z[RUNS] and runs[2 * r] + z[FIRST] < upto:
        lo, hi = max(runs[2 * r] + z[FIRST], z[TOLD]), min(runs[2 * r + 1] + z[FIRST], upto)
        if lo < hi:
            bounds[2 * n_spans] = _time(float(lo), z, clock)
            bounds[2 * n_spans + 1] = _time(float(hi), z, clock)
            n_spans += 1
        r += 1
    z[CLOSED] = max(r - 1, 0)  # the last of them may still grow
    z[N_SPANS] = n_spans


@kernel(counted=False)
def _time(index: float, z: NDArray[np.int64], clock: NDArray[np.float64]) -> float:
    """Return the time at a place of the grid, as `Grid.times` does. [s]"""
    within = index * z[DENOMINATOR] / z[NUMERATOR]
    return float(clock[START_S] + (within + clock[REST_S]))
