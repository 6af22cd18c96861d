"""Which seconds are doubtful or bad, from what was measured in them: one loop over seconds."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from joey.compiled import kernel
from joey.quality.seconds import (
    BLOCK,
    CUT,
    ENERGY,
    FOUND,
    GATHERED,
    GRADED,
    HEIGHT,
    JUDGED,
    JUMP,
    LONG,
    MEASURED,
    N_USUAL,
    NOISE,
    PASSED,
    PAUSE,
    PAUSED,
    PEAK,
    PLACE,
    RESTS,
    SHORT,
    STILL,
    WAVE_LAST,
    measure,
)  # fmt: skip
from joey.quality.twins import BACK_TO, least_alike
from joey.quality.waves import look_for_waves, waves_around

__all__ = ["GRADES", "judge"]

GRADES = (  # by code
    ("good", ""),
    ("bad", "flat"),
    ("bad", "clipped"),
    ("bad", "low amplitude"),
    ("bad", "noise"),
    ("bad", "motion"),
    ("doubtful", "low amplitude"),
    ("doubtful", "noise"),
    ("doubtful", "motion"),
    ("doubtful", "waves"),
    ("bad", "waves"),
)
FLAT, CLIPPED, FAINT, NOISY, MOVED, LOW, NOISE_DOUBT, MOTION, WAVES, ALL_WAVES = range(1, 11)

LEAST = 10  # judged seconds that make a usual size
LOW_SHARE = 0.2  # of the usual height
PAUSE_SHARE = 0.4  # of the usual height: less may be a pause in breathing, with noise
MOTION_TIMES = 4.0  # the usual height

# Of an ECG. Energies are of a band of 10 to 40 Hz, over 80 ms, as shares of a beat's.
AROUND = 2  # seconds to either side, of which the second largest energy is a beat's
# Between beats: electrode noise, muscle. On the mean of 3 s, and of one.
STEADY_DOUBT, STEADY_BAD = 0.24, 0.30
LOUD_HINT, LOUD_BAD = 0.25, 0.42
HALF_LOW, HALF_HIGH = 0.3, 0.5  # a deflection between: a beat or not, who knows
LARGE_HINT, LARGE_DOUBT, LARGE_BAD = 1.2, 1.5, 1.7  # larger than a beat
SLOW_SHARE = 0.7  # of the reference, at least: in 3 s of a slow heart there may be one beat
OWN = 10  # blocks beyond a second's edges that are its own: 0.2 s
BEAT = 0.4  # the least that is taken for a beat
# How far the baseline moves across a beat, in heights of a beat.
JUMP_HINT, JUMP_DOUBT, JUMP_BAD = 0.35, 0.65, 1.05
CROWDED = 1.5  # times the intervals beside: shorter, and the beat between was one too many
FAINT_BAD = 0.35  # of the usual energy: the detector looks for larger beats
SIZE_DOUBT, SIZE_BAD = 2.0, 3.5  # times the usual energy
# By how much of the usual energy each deflection differs from its twin, to be a heart's after all.
ALIKE_GOOD, ALIKE_DOUBT = 0.2, 0.3
NEVER_QUIET = 0.4  # of the usual energy, in the quiet places: what swings evenly is no heart


class Noise(NamedTuple):
    """Energy between beats: of a second, the most of it and those beside, and around it."""

    loud: float
    loudest: float
    steady: float


class Stretches(NamedTuple):
    """Samples: of a second and those beside, of its own reach, and where twins are looked for."""

    first: int
    stop: int
    own_from: int
    own_to: int
    back: int
    end: int


class Deflections(NamedTuple):
    """What is seen in a second and those beside, sizes as shares of an ordinary beat.

    How many of its own are half a beat, and whether one of them is a beat too many; the largest of
    all and of its own; how far the baseline moves across beats, of all and of its own.
    """

    half: int
    extra: bool
    large: float
    larger: float
    jump: float
    leap: float


@kernel
def judge(  # noqa: PLR0913, PLR0917  (a compiled function has no keywords)
    known: int,
    last: bool,  # noqa: FBT001
    is_ecg: bool,  # noqa: FBT001
    speak: NDArray[np.int64],
    w: NDArray[np.int64],
    z: NDArray[np.int64],
    edges: NDArray[np.int64],
    x: NDArray[np.int32],
    valid: NDArray[np.bool_],
    tile: NDArray[np.float64],
    blocks: NDArray[np.float64],
    found: NDArray[np.float64],
    rows: NDArray[np.float64],
    usual: NDArray[np.float64],
    verdicts: NDArray[np.int64],
    judged: NDArray[np.int64],
) -> tuple[int, int]:
    """Grade every second of which enough is known; return how many verdicts and spans there are.

    Parameters
    ----------
    known, last, is_ecg, w, z, edges, x, valid, tile, blocks, found, rows
        As of `measure`.
    speak : ndarray of int64, shape (2,)
        Seconds that are told: from, to before.
    usual : ndarray of float64, shape (2, n)
        Sizes of the last n judged seconds, as they came and sorted; changed in place.
    verdicts : ndarray of int64, shape (most, 3)
        Written: first second, second after the last, code of `GRADES`.
    judged : ndarray of int64, shape (most, 2)
        Written: first second, second after the last, of what was looked at.
    """
    measure(known, last, is_ecg, w, z, edges, x, valid, tile, blocks, found, rows)
    ahead = 0 if last or not is_ecg else AROUND
    n_verdicts = n_judged = 0
    while z[GRADED] < z[MEASURED] - ahead:
        k = z[GRADED]
        z[GRADED] = k + 1
        if rows[k, JUDGED] == 0.0:
            continue
        if is_ecg:
            code = _grade_ecg(k, known, w, z, edges, x, valid, blocks[1], found, rows, usual)
        else:
            code = _grade(k, w, z, rows, usual)
        if not speak[0] <= k < speak[1]:
            continue
        if n_judged and judged[n_judged - 1, 1] == k:
            judged[n_judged - 1, 1] = k + 1
        else:
            judged[n_judged] = k, k + 1
            n_judged += 1
        if code == 0:
            continue
        before = n_verdicts - 1
        if before >= 0 and verdicts[before, 1] == k and verdicts[before, 2] == code:
            verdicts[before, 1] = k + 1
        else:
            verdicts[n_verdicts] = k, k + 1, code
            n_verdicts += 1
    return n_verdicts, n_judged


@kernel
def _grade(
    k: int,
    w: NDArray[np.int64],
    z: NDArray[np.int64],
    rows: NDArray[np.float64],
    usual: NDArray[np.float64],
) -> int:
    """Grade a second of pleth or impedance by its height beside that of the seconds before."""
    if rows[k, STILL]:
        return FLAT
    height = rows[k, HEIGHT]
    middle = _middle(usual[1], z[N_USUAL])
    share = PAUSE_SHARE if w[PAUSE] > 0 else LOW_SHARE
    low = middle > 0 and height < share * middle
    z[PAUSED] = z[PAUSED] + 1 if low else 0
    if not low or z[PAUSED] > w[PAUSE]:
        _put(usual, z, height)
    if rows[k, CUT]:
        return CLIPPED
    if low:
        return LOW if w[PAUSE] == 0 else 0
    return MOTION if middle > 0 and height > MOTION_TIMES * middle else 0


@kernel
def _grade_ecg(  # noqa: PLR0911, PLR0913, PLR0917
    k: int,
    known: int,
    w: NDArray[np.int64],
    z: NDArray[np.int64],
    edges: NDArray[np.int64],
    x: NDArray[np.int32],
    valid: NDArray[np.bool_],
    gathered: NDArray[np.float64],
    found: NDArray[np.float64],
    rows: NDArray[np.float64],
    usual: NDArray[np.float64],
) -> int:
    """Grade a second of ECG by what a beat detector may take for a beat, or miss."""
    measured = z[MEASURED]
    beat = _second_peak(rows, max(k - AROUND, 0), min(k + AROUND + 1, measured))
    middle = _middle(usual[1], z[N_USUAL])
    if rows[k, STILL]:
        return FLAT
    _put(usual, z, beat)
    if rows[k, CUT]:
        return CLIPPED
    if beat <= 0 or (middle > 0 and _largest_near(k, measured, rows) < FAINT_BAD * middle):
        return FAINT
    reference = min(beat, middle) if middle > 0 else beat
    ordinary = _ordinary_beat(k, measured, reference, rows)
    noise = _noise_around(k, measured, rows)
    here = _stretches(k, w, edges)
    while z[PASSED] < z[FOUND] and found[z[PASSED], PLACE] < here.first:
        z[PASSED] += 1
    seen = _deflections(here, reference, ordinary, w, z, found)
    if middle > 0 and beat > SIZE_BAD * middle:
        return MOVED
    trouble = noise.loudest > LOUD_BAD * reference or seen.large > LARGE_BAD or seen.jump > JUMP_BAD
    if trouble and rows[k, RESTS]:
        return FLAT  # the amplifier was thrown to its rail, for less than makes a flat line
    own = trouble and _is_of_this_second(here, reference, ordinary, noise, seen, w, z, gathered)
    grown = middle > 0 and beat > SIZE_DOUBT * middle
    code = _grade_of(reference, noise, seen, trouble, own, grown)
    look_for_waves(
        here.back, here.stop, here.end, reference, noise.steady, known, w, z, x, valid, gathered,
        found,
    )  # fmt: skip
    if z[WAVE_LAST] > here.back and code in {0, NOISE_DOUBT, MOTION}:
        waves = waves_around(here.back, here.first, here.stop, reference, w, z, z[PASSED], found)
        if waves > 0:  # it recurs, but is no beat
            return WAVES if waves == 1 else ALL_WAVES
    if code == 0 or grown or noise.steady > NEVER_QUIET * reference:
        return code
    return _grade_of_twins(code, here, reference, seen.leap, known, w, z, x, valid, found)


@kernel
def _largest_near(k: int, measured: int, rows: NDArray[np.float64]) -> float:
    """Return the highest energy of a second and those beside."""
    near = 0.0
    for j in range(max(k - 1, 0), min(k + 2, measured)):
        near = max(near, rows[j, PEAK])
    return near


@kernel
def _ordinary_beat(k: int, measured: int, reference: float, rows: NDArray[np.float64]) -> float:
    """Return the energy of a beat here: the lesser of before and after, but of a slow heart."""
    before = _second_peak(rows, max(k - AROUND, 0), k + 1)
    after = _second_peak(rows, k, min(k + AROUND + 1, measured))
    return max(min(before, after), SLOW_SHARE * reference)


@kernel
def _noise_around(k: int, measured: int, rows: NDArray[np.float64]) -> Noise:
    loud = rows[k, NOISE]
    loudest = loud
    for j in range(max(k - 1, 0), min(k + 2, measured)):
        if rows[j, JUDGED]:
            loudest = max(loudest, rows[j, NOISE])
    # The lesser of the two sides: noise that has not begun yet, or is over, is not here.
    steady = min(
        _mean_noise(rows, max(k - AROUND, 0), k + 1),
        _mean_noise(rows, k, min(k + AROUND + 1, measured)),
    )
    return Noise(loud, loudest, steady)


@kernel
def _stretches(k: int, w: NDArray[np.int64], edges: NDArray[np.int64]) -> Stretches:
    reach = OWN * w[BLOCK]
    last = len(edges) - 1
    return Stretches(
        edges[max(k - 1, 0)],
        edges[min(k + 2, last)],
        edges[k] - reach,
        edges[k + 1] + reach,
        edges[max(k - BACK_TO, 0)],
        edges[min(k + 3, last)],
    )


@kernel
def _deflections(
    here: Stretches,
    reference: float,
    ordinary: float,
    w: NDArray[np.int64],
    z: NDArray[np.int64],
    found: NDArray[np.float64],
) -> Deflections:
    unit = 2.0 * (2 * w[SHORT] + 1) * (2 * w[LONG] + 1) / reference  # a beat goes up and down
    half_low, half_high = HALF_LOW * reference, HALF_HIGH * reference
    least = BEAT * reference
    half, extra, large, larger, jump, leap = 0, False, 0.0, 0.0, 0.0, 0.0
    for i in range(z[PASSED], z[FOUND]):
        place, size = found[i, PLACE], found[i, ENERGY]
        if place >= here.stop:
            break
        moved = found[i, JUMP] * unit if size > least else 0.0
        large, jump = max(large, size), max(jump, moved)
        if here.own_from <= place < here.own_to:
            half += half_low < size < half_high
            larger, leap = max(larger, size), max(leap, moved)
            if moved > JUMP_HINT and _is_extra(i, found, z[FOUND], here, least):
                extra = True
    return Deflections(half, extra, large / ordinary, larger / ordinary, jump, leap)


@kernel
def _is_of_this_second(
    here: Stretches,
    reference: float,
    ordinary: float,
    noise: Noise,
    seen: Deflections,
    w: NDArray[np.int64],
    z: NDArray[np.int64],
    gathered: NDArray[np.float64],
) -> bool:
    """Whether the trouble of a second and those beside is its own, too."""
    if seen.half > 0 or seen.larger > LARGE_HINT or seen.leap > JUMP_HINT:
        return True
    if noise.loud > LOUD_HINT * reference:
        return True
    # A beat on the flank of what comes, or goes, is no top of its own.
    for j in range(max(here.own_from // w[BLOCK], 0), min(here.own_to // w[BLOCK], z[GATHERED])):
        if gathered[j] > LARGE_HINT * ordinary:
            return True
    return False


@kernel
def _grade_of(
    reference: float,
    noise: Noise,
    seen: Deflections,
    trouble: bool,  # noqa: FBT001
    own: bool,  # noqa: FBT001
    grown: bool,  # noqa: FBT001
) -> int:
    """Grade by noise, by what is neither small nor a beat, and by how the baseline moves."""
    loud = max(noise.loud / LOUD_BAD, noise.steady / STEADY_BAD) > reference
    if loud or seen.larger > LARGE_BAD:
        return NOISY
    if seen.leap > JUMP_BAD or seen.extra:
        return MOVED
    if trouble:
        return NOISY if own else NOISE_DOUBT
    if seen.half > 0 or seen.larger > LARGE_DOUBT or noise.steady > STEADY_DOUBT * reference:
        return NOISE_DOUBT
    return MOTION if seen.leap > JUMP_DOUBT or grown else 0


@kernel
def _grade_of_twins(  # noqa: PLR0913, PLR0917
    code: int,
    here: Stretches,
    reference: float,
    leap: float,
    known: int,
    w: NDArray[np.int64],
    z: NDArray[np.int64],
    x: NDArray[np.int32],
    valid: NDArray[np.bool_],
    found: NDArray[np.float64],
) -> int:
    """Grade one step better where every deflection has twins: what repeats itself is the heart."""
    doubtful = code in {NOISE_DOUBT, MOTION}
    # A beat of two steps far apart may be timed at either: alike, it is doubtful none the less.
    if leap > (JUMP_DOUBT if doubtful else JUMP_BAD):
        return code
    enough = (ALIKE_GOOD if doubtful else ALIKE_DOUBT) * reference
    least = HALF_LOW * reference
    differs = least_alike(
        here.first, here.stop, here.back, here.end, least, enough, known, w, z, z[PASSED], x,
        valid, found,
    )  # fmt: skip
    if differs > enough:
        return code
    if doubtful:
        return 0
    return MOTION if leap > JUMP_DOUBT else NOISE_DOUBT


@kernel
def _second_peak(rows: NDArray[np.float64], start: int, stop: int) -> float:
    """Return the second largest energy of some seconds: one artifact does not set it."""
    first = second = 0.0
    for j in range(start, stop):
        peak = rows[j, PEAK]
        if rows[j, JUDGED] == 0.0:
            continue
        if peak > first:
            first, second = peak, first
        elif peak > second:
            second = peak
    return float(second if second > 0 else first)


@kernel
def _mean_noise(rows: NDArray[np.float64], start: int, stop: int) -> float:
    total, number = 0.0, 0
    for j in range(start, stop):
        if rows[j, JUDGED]:
            total += rows[j, NOISE]
            number += 1
    return total / number


@kernel
def _is_extra(
    i: int, found: NDArray[np.float64], count: int, here: Stretches, least: float
) -> bool:
    """Whether the beats beside a candidate are as near each other as beats are.

    One that lies further back than anybody looks is far from the next.
    """
    beats = np.zeros(4)
    n, j = 0, i
    while n < 2:  # two before
        j -= 1
        if j < 0:
            return False
        if found[j, PLACE] < here.back:
            if n == 0:
                return False
            beats[0] = -np.inf
            n = 2
        elif found[j, ENERGY] >= least:
            beats[1 - n] = found[j, PLACE]
            n += 1
    n, j = 0, i
    while n < 2:  # and two after
        j += 1
        if j >= count or found[j, PLACE] >= here.end:
            return False
        if found[j, ENERGY] >= least:
            beats[2 + n] = found[j, PLACE]
            n += 1
    across = beats[2] - beats[1]
    return bool(across < CROWDED * min(beats[1] - beats[0], beats[3] - beats[2]))


@kernel
def _middle(order: NDArray[np.float64], count: int) -> float:
    """Return the median of the values kept; 0 of too few."""
    n = min(count, len(order))
    return 0.5 * (order[(n - 1) // 2] + order[n // 2]) if n >= LEAST else 0.0


@kernel
def _put(usual: NDArray[np.float64], z: NDArray[np.int64], value: float) -> None:
    """Keep a value instead of the oldest, in both orders."""
    ring, order = usual[0], usual[1]
    n = len(ring)
    count = z[N_USUAL]
    at, kept = count % n, min(count, n)
    if count >= n:
        k = 0
        while order[k] != ring[at]:
            k += 1
        while k < n - 1:
            order[k] = order[k + 1]
            k += 1
        kept = n - 1
    k = kept
    while k > 0 and order[k - 1] > value:
        order[k] = order[k - 1]
        k -= 1
    order[k] = value
    ring[at] = value
    z[N_USUAL] = count + 1
