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
``gone`` and ``rises`` are running sums: at a place stands the sum of what lies before.

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
from joey.compiled import kernel

__all__ = ["advance", "furnish"]

TILE = 2048  # samples worked on at a time: its sums stay in the fastest cache
LANES = 64  # lengths of wide loops are multiples: what is left over would be done one by one
CHUNK = 16  # samples looked at together for a candidate
TURNED = 0.13  # (rising - falling) / all samples: an upright pulse rises faster than it falls

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
    NUMERATOR,  # of the sampling frequency
    DENOMINATOR,
    MANY,  # room for candidates
    BUFFER,  # length of the buffers of a tile
    N_STATE,
) = range(17)

# Then floats: the sampling frequency [Hz], the smallest energy of a beat, the grid's start in whole
# seconds and the rest [s], and what `decide` carries.
FS, FLOOR, START_S, REST_S, N_CLOCK = range(5)
CLOCK = N_WIDTHS + N_STATE
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
    begin = np.concatenate((w, z, np.concatenate((clock, carried)).view(np.int64)))
    words = VERDICTS + 2 * (many // 8 + 1)
    words += many * (N_PLACES + N_SIZES + 2) + N_BUFFERS * buffer
    return begin, words, many


@kernel(counted=False)
def advance(  # noqa: PLR0913, PLR0915, PLR0917  (a compiled function has no keywords)
    room: NDArray[np.int64],
    samples: NDArray[np.int32],
    times: NDArray[np.float64],
    flags: NDArray[np.uint8],
    bounds: NDArray[np.float64],
    n_spans: int,
    measured: int,
    silent: int,
    speak: bool,  # noqa: FBT001
    last: bool,  # noqa: FBT001
) -> tuple[int, int, int]:
    """Hear samples, find candidates, decide, and write what became final.

    Parameters
    ----------
    room : ndarray of int64
        What `furnish` began, changed in place.
    samples : ndarray of int32, shape (2, length + LANES)
        The window's samples, the measured ones already written; and how many before each were not
        measured, written here.
    times, flags : ndarray, shape (room,)
        The section's beats; those that became final are written behind the others. [s]
    bounds : ndarray of float64, shape (room, 2)
        Searched spans, those that became final written behind the first `n_spans`. [s]
    measured, silent : int
        How many measured samples follow those heard, and then how many that were not measured.
    speak : bool
        Whether to decide and tell.
    last : bool
        Whether no more will be heard.

    Returns
    -------
    n_beats, n_spans, upto : int
        How many beats the section has told, how many spans stand in `bounds`, and the grid index
        before which all is told now.
    """
    w = room[:N_WIDTHS]
    z = room[N_WIDTHS:CLOCK]
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
    x, gone = samples[0], samples[1]

    if z[HEARD] == 0:
        verdict[:] = 0
    _hear(measured, silent, z, x, gone)
    # What a candidate and its deflections rest on must have been heard.
    ahead = w[NEIGHBOR] + w[REACH] + (w[TURN] + 1 if w[STEEPEST] else 0)
    stop = z[HEARD] - max(ahead, w[AROUND] + w[BASE] + w[LONG] + 4)
    while z[SCAN] < stop:
        hi = min(z[SCAN] + TILE, stop)
        _cover(z[SCAN], hi, w, z, gone, runs)
        # Energies are needed `neighbor` to either side, slopes `gather` more; none before `reach`.
        begin = max(z[SCAN] - w[NEIGHBOR], w[REACH]) - w[GATHER]
        end = hi + w[NEIGHBOR] + w[GATHER]
        if w[STEEPEST]:
            _weigh_rises(begin, end, w, x, wide)
            found = z[FOUND]
            _search(z[SCAN], hi, w, z, gone, wide, at)
            for k in range(found, z[FOUND]):
                at[k, UP] = _sign(at[k, TOP], begin, w, wide[3])
        elif _is_small(x, begin - w[LONG], end + w[LONG] + 1, np.int32(z[LIMIT])):
            _weigh(begin, end, w, x, narrow[0])
            _search(z[SCAN], hi, w, z, gone, narrow, at)
        else:
            _weigh(begin, end, w, x, wide[0])
            _search(z[SCAN], hi, w, z, gone, wide, at)
        z[SCAN] = hi
    if not speak:
        return z[N_BEATS], n_spans, z[TOLD]
    if z[MISSING] == 0:
        gone = gone[:0]
    n = z[FOUND]
    known = z[HEARD] if last else z[SCAN]
    final = z[FIRST] + decide(
        *(at[:n], sizes, known, last, clock[FS], clock[FLOOR], x, gone, w),
        *(numbers, energies, intervals, order, verdict, sign),
    )
    upto = min(max(final, z[TOLD]), z[SPEAK_TO])
    _tell_beats(upto, z, clock, at, sizes, verdict, sign, times, flags)
    n_spans = _tell_spans(upto, n_spans, z, clock, runs, bounds)
    z[TOLD] = upto
    return z[N_BEATS], n_spans, upto


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
def _is_small(x: NDArray[np.int32], lo: int, hi: int, limit: np.int32) -> bool:
    """Whether no sample from `lo` to before `hi`, or a little before, exceeds the limit."""
    part = x[max(hi - _wide(hi - lo), 0) : hi]
    most = least = np.int32(0)
    for k in range(len(part)):  # by index: an iterator is not made wide
        most = max(most, part[k])
        least = min(least, part[k])
    return bool(most <= limit and least >= -limit)


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
    n = _wide(end - begin)
    none = buffers[4]
    none[:n] = 0
    _sum(buffers[0], buffers[1], none, energy[absent : absent + n], 2 * w[GATHER] + 1)
    if z[MISSING] > 0:
        fewer, more = gone[begin - reach : end - reach], gone[begin + reach + 1 : end + reach + 1]
        for k in range(len(known)):
            if more[k] != fewer[k]:
                known[k] = 0
    hits = buffers[0] if _compare(energy, buffers[0], buffers[1], neighbor, m) else buffers[1]
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
    length = _wide(m)
    hits[m:length] = 0
    for start in range(0, length, LANES):
        if _count(hits[start : start + LANES]) == 0:
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
def _count(hits: NDArray[np.integer]) -> int:
    number = hits.dtype.type
    many = number(0)
    for k in range(LANES):
        many = number(many + hits[k])
    return int(many)


@kernel(counted=False)
def _note(lo: int, k: int, energy: int, z: NDArray[np.int64], at: NDArray[np.int64]) -> None:
    n = z[FOUND]
    at[n, TOP], at[n, ENERGY], at[n, UP] = lo + k, energy, 1
    z[FOUND] = n + 1


@kernel(counted=False)
def _weigh(
    begin: int, end: int, w: NDArray[np.int64], x: NDArray[np.int32], weights: NDArray[np.integer]
) -> None:
    """Write the sizes of the band's slopes at `begin` to before `end`."""
    short, long = w[SHORT], w[LONG]
    number = weights.dtype.type
    a, b = number(2 * long + 1), number(2 * short + 1)
    end = begin + _wide(end - begin)
    # Of the four boxes in band[i+1] - band[i] only the samples that enter and leave remain.
    in_short, out_short = x[begin + short + 1 : end + short + 1], x[begin - short : end - short]
    in_long, out_long = x[begin + long + 1 : end + long + 1], x[begin - long : end - long]
    for k in range(len(in_short)):
        slope = number(a * (in_short[k] - out_short[k]) - b * (in_long[k] - out_long[k]))
        weights[k] = abs(slope)


@kernel(counted=False)
def _weigh_rises(
    begin: int, end: int, w: NDArray[np.int64], x: NDArray[np.int32], buffers: NDArray[np.int64]
) -> None:
    """Write the slopes that rise in an upright pulse; and how many rise and fall before each."""
    short, long, turn = w[SHORT], w[LONG], w[TURN]
    a, b = 2 * long + 1, 2 * short + 1
    first = max(begin - turn, long)
    weights, slopes, rises = buffers[0], buffers[1], buffers[3]
    rises[0] = 0
    for k in range(end + turn - first):
        i = first + k
        slope = a * (x[i + short + 1] - x[i - short]) - b * (x[i + long + 1] - x[i - long])
        slopes[k] = slope
        rises[k + 1] = rises[k] + (1 if slope > 0 else 0) - (1 if slope < 0 else 0)
    for i in range(begin, end):
        weights[i - begin] = max(slopes[i - first] * _sign(i, begin, w, rises), 0)


@kernel(counted=False)
def _sign(i: int, begin: int, w: NDArray[np.int64], rises: NDArray[np.int64]) -> int:
    """Return -1 where the pulse is upside down: it rises for longer than it falls."""
    first = max(begin - w[TURN], w[LONG])
    rising = rises[i + w[TURN] + 1 - first] - rises[max(i - w[TURN] - first, 0)]
    return -1 if rising > TURNED * (2 * w[TURN] + 1) else 1


@kernel(counted=False)
def _wide(n: int) -> int:
    return (n + LANES - 1) // LANES * LANES


@kernel(counted=False)
def _sum(
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
        m = _wide(n + count - 4 * size)
        _add_four(parts, size, m, other[:m])
        parts, other = other, parts
        size *= 4


@kernel(counted=False)
def _compare(
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
        length = _wide(n - 4 * size + 1)
        _choose_four(most, size, length, into[:length])
        most, into, spare = into, spare, into
        in_one = not in_one
        size *= 4
    # Four of them cover what is within reach, overlapping.
    _stand_out(energy[neighbor:], most, neighbor, size, into[: _wide(m)])
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
    n_spans: int,
    z: NDArray[np.int64],
    clock: NDArray[np.float64],
    runs: NDArray[np.int64],
    bounds: NDArray[np.float64],
) -> int:
    """Write what was searched before grid index `upto`; return the number of spans."""
    r = z[CLOSED]
    while r < z[RUNS] and runs[r, 0] + z[FIRST] < upto:
        lo, hi = max(runs[r, 0] + z[FIRST], z[TOLD]), min(runs[r, 1] + z[FIRST], upto)
        if lo < hi:
            bounds[n_spans, 0] = _time(float(lo), z, clock)
            bounds[n_spans, 1] = _time(float(hi), z, clock)
            n_spans += 1
        r += 1
    z[CLOSED] = max(r - 1, 0)  # the last of them may still grow
    return n_spans


@kernel(counted=False)
def _time(index: float, z: NDArray[np.int64], clock: NDArray[np.float64]) -> float:
    """Return the time at a place of the grid, as `Grid.times` does. [s]"""
    within = index * z[DENOMINATOR] / z[NUMERATOR]
    return float(clock[START_S] + (within + clock[REST_S]))
