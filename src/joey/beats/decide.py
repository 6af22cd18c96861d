"""Which candidates are beats: one loop over candidates, with all its state in arrays.

What the loop knows of a section is bounded and starts empty, so that any chunking decides the
same. It learns the size of a beat from 4.6 s, follows it by the median of the last eight, looks
back when a beat is overdue, and learns anew when none was found for 3 s.

A candidate of ordinary size is a beat at once. A small one (every second beat of a bigeminy, a wide
ventricular beat, one whose axis a breath has turned) is a beat where it stands out of the noise
that is there, off the usual interval by more, is as steep for its height as no T wave is, and is no
P wave of a larger one right after it. The noise is that of the quiet quarter of the last 1.5 s:
between the beats of a fast heart there is no room for candidates of noise to learn from, and the
first ones of a pause must not fill it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from joey.beats.deflections import (
    ENERGY,
    GATHER,
    LONG,
    NEIGHBOR,
    SHORT,
    STEEPEST,
    STRIDE,
    TOP,
    deflect,
    steepness_of,
    tilt_of,
    way_of,
)
from joey.beats.medians import RING, push
from joey.beats.pulses import CLOSE, echoes, mark_returning, returning
from joey.compiled import kernel

__all__ = [
    "BEAT",
    "NOT_A_BEAT",
    "N_NUMBERS",
    "OPEN",
    "PULSE_FLOOR",
    "SEARCHED_BACK",
    "beginning",
    "decide",
]

OPEN, NOT_A_BEAT, BEAT, SEARCHED_BACK = 0, 1, 2, 3  # verdict on a candidate

LEARN_S = 4.6  # two halves of 2.3 s: each holds a beat from 30/min on
LOST_S = 3.0  # no beat for so long: the size of a beat is learned anew
THRESHOLD = 0.35  # of the way from noise to beat
OVERDUE = 1.6  # median intervals without a beat before looking back
MOST_ECHO = (
    0.2  # of a pulse's size: what is taken for noise between pulses are mostly echoes of them
)
CLEAR = 0.25  # of a beat's size: enough where it also stands out of the noise and is steep
STEEP = 0.3  # of the usual energy for its height: less is a T wave or drift of any height
SOON = 0.5  # of the median interval: so soon after a beat and under half its size is a T wave
T_WAVE_S = 0.36  # the latest T wave (Pan and Tompkins 1985)
T_SHARE, T_STEEP = 0.35, 0.5  # of a beat's size and of its steepness: a T wave has not both
P_WAVE_S = 0.24  # the earliest P wave, before its beat: the longest PR interval
HALF = 0.5  # of a beat's size: below, a candidate may be a T or dicrotic wave
P_SHARE = 0.7  # of the size of its beat, usual and own: the largest P wave
NOISE_MARGIN = 2.5  # a searched-back beat stands out of the noise by this
NOISE_STEP = 0.05  # of a beat's size: noise is taken to grow to this at once, and threefold after
CLEAR_MARGIN = 1.0  # times the usual candidate of noise: a small beat, before it is overdue
QUIET_S = 1.5  # before a small candidate that show the noise: a beat at 40/min and more
STANDS_OUT = 2.3  # times the quiet quarter: 99.5 % of the candidates of broad noise are less
COARSE = 0.4  # more of that, as often as the samples of a stretch are fewer than `PLENTY`
PLENTY = 15
EARLIEST, LATEST = 0.75, 1.3  # median intervals: a small beat is on time
UNTIMELY = 1.4  # times that, where it is not
UPWARD = -0.55  # tilt: an R wave is timed unless the downward deflection is far larger (QS)
SWAY = (
    0.25  # tilt: how far past `UPWARD` it goes before the polarity changes; within, either will do
)
TURNED = 4  # beats in a row that are of the other polarity: the electrodes or the axis have turned
PAUSE = 0.35  # of the last known size: two sizes whose geometric mean is less are noise and beat
BURST = 3.0  # times what was usual: a larger size, soon lost, was one of artifacts
EDGE_SHARE = 0.3  # of the last known size: less, in a span cut short, is what follows a beat
CROWDED = 0.75  # share of candidates the size of beats: only noise and very fast hearts have more
FAST_S = 0.36  # mean interval: that of candidates in noise is shorter, an uneven heart's is longer
EVEN = 0.1  # mean change of interval over mean interval: small beats that make a rhythm even
UNEVEN = 0.15  # mean change of interval over mean interval: a very fast heart is regular, noise not
FLOOR = 4  # an energy below this many counts x boxes is a flat line's quantization
PULSE_FLOOR = 3  # the same of a pleth: a pulse of 5 counts has more, noise of 1 count has less

(SPK, NPK, LAST, FROM, TILT, SIGN, POS, BACK, N_RR, N_E, USUAL, RR, SHARP, AGAINST, QUIETEST) = (
    range(15)
)
N_NUMBERS = QUIETEST + RING  # the last are room for the quietest stretches, in order


def beginning() -> NDArray[np.float64]:
    """Return what the loop carries from call to call, as it begins.

    Returns
    -------
    ndarray of float64, shape (N_NUMBERS + 4 RING,)
        Numbers, energies, intervals, and the last two once more, sorted.
    """
    carried = np.zeros(N_NUMBERS + 4 * RING)
    carried[LAST] = carried[BACK] = -1.0
    return carried


@kernel(counted=False)
def _followed(at: NDArray[np.int64], pos: int, reach: float) -> bool:
    """Whether a larger candidate comes so soon that this is its P wave."""
    k = pos + 1
    while k < len(at) and at[k, TOP] <= reach:
        if P_SHARE * at[k, ENERGY] > at[pos, ENERGY]:
            return True
        k += 1
    return False


@kernel(counted=False)
def _index_of(at: NDArray[np.int64], pos: int, top: float) -> int:
    """Return which candidate before `pos` was the last beat."""
    k = pos - 1
    while k > 0 and at[k, TOP] > top:
        k -= 1
    return k


@kernel(counted=False)
def _quiet(
    x: NDArray[np.int32],
    gone: NDArray[np.int32],
    w: NDArray[np.int64],
    top: int,
    fs: float,
    least: NDArray[np.float64],
) -> float:
    """Return the energy of the quiet quarter of what lies around a candidate; 0: not known."""
    short, long, width = w[SHORT], w[LONG], 2 * w[GATHER] + w[STRIDE]
    a, b = 2 * long + 1, 2 * short + 1
    first, stop = max(top - int(QUIET_S * fs), long), top + w[NEIGHBOR] + 1
    many = 0
    while stop - width >= first:
        lo, hi = stop - width, stop
        stop = lo
        if len(gone) > 0 and gone[hi + long + 1] != gone[lo - long]:
            continue
        energy = 0
        in_short, out_short = x[lo + short + 1 : hi + short + 1], x[lo - short : hi - short]
        in_long, out_long = x[lo + long + 1 : hi + long + 1], x[lo - long : hi - long]
        for k in range(width):
            energy += abs(a * (in_short[k] - out_short[k]) - b * (in_long[k] - out_long[k]))
        k = min(many, RING - 1)
        if many < RING or energy < least[k]:
            while k > 0 and least[k - 1] > energy:
                least[k] = least[k - 1]
                k -= 1
            least[k] = energy
        many += 1
    return float(least[min((many + 1) // 4, RING - 1)]) if many >= RING else 0.0


@kernel(counted=False)
def _stands_out(  # noqa: PLR0913, PLR0917
    x: NDArray[np.int32],
    gone: NDArray[np.int32],
    w: NDArray[np.int64],
    at: NDArray[np.int64],
    c: int,
    fs: float,
    gap: float,
    rr: float,
    least: NDArray[np.float64],
) -> bool:
    """Whether a small candidate is more than the noise that is there; off the beat, much more."""
    few = max(PLENTY / (2 * w[GATHER] + w[STRIDE]) - 1.0, 0.0)
    limit = STANDS_OUT * (1.0 + COARSE * few)
    if rr > 0 and not EARLIEST * rr <= gap <= LATEST * rr:
        limit *= UNTIMELY
    return bool(at[c, ENERGY] >= limit * _quiet(x, gone, w, at[c, TOP], fs, least))


@kernel(counted=False)
def _rhythm(
    at: NDArray[np.int64], pos: int, stop: int, least: float, among: NDArray[np.int8]
) -> tuple[int, float, float]:
    """Return how many candidates have a size, their mean interval, and its unevenness."""
    many = 0
    before = gap_before = -1
    total = change = 0.0
    for j in range(pos, stop):
        if at[j, ENERGY] >= least and among[j - pos] > 0:
            many += 1
            if before >= 0:
                gap = at[j, TOP] - before
                total += gap
                if gap_before >= 0:
                    change += abs(gap - gap_before)
                gap_before = gap
            before = at[j, TOP]
    return many, total / max(many - 1, 1), change / max(total, 1.0)


@kernel(counted=False)
def _level(
    at: NDArray[np.int64], pos: int, stop: int, middle: float, floor: float, usual: float
) -> float:
    """Return the size of a beat in a learning span; 0: none."""
    first = second = 0.0
    for j in range(pos, stop):
        if at[j, TOP] < middle:
            first = max(first, float(at[j, ENERGY]))
        else:
            second = max(second, float(at[j, ENERGY]))
    # The lesser of the two halves: one burst of motion does not set the size of a beat. But where
    # the greater is nearer to what was usual, the lesser is the noise of a pause.
    lesser, greater = min(first, second), max(first, second)
    cut_short = lesser == 0.0
    level = greater if cut_short or lesser * greater < (PAUSE * usual) ** 2 else lesser
    return 0.0 if level < floor or (cut_short and level < EDGE_SHARE * usual) else level


@kernel(counted=False)
def _learn(  # noqa: PLR0913, PLR0917  (a compiled function has no keywords)
    at: NDArray[np.int64],
    sizes: NDArray[np.float64],
    pos: int,
    start: float,
    fs: float,
    floor: float,
    usual: float,
    x: NDArray[np.int32],
    gone: NDArray[np.int32],
    w: NDArray[np.int64],
    boxes: NDArray[np.int64],
    sign: NDArray[np.int8],
) -> tuple[float, float, float, float]:
    """Return size, noise, tilt and steepness of beats from one learning span; size 0: none."""
    learn = LEARN_S * fs
    stop = pos
    while stop < len(at) and at[stop, TOP] < start + learn:
        stop += 1
    level = _level(at, pos, stop, start + 0.5 * learn, floor, usual)
    threshold = THRESHOLD * level
    among = sign[pos:stop]  # of what is not decided: room for a mark
    among[:] = 1
    if w[STEEPEST]:
        mark_returning(x, w, at, pos, stop, threshold, fs, among)
    many, gap, uneven = _rhythm(at, pos, stop, threshold, among)
    fast = gap < FAST_S * fs or level < EDGE_SHARE * usual
    crowded = many >= 6 and many > CROWDED * (stop - pos)
    if level == 0.0 or (crowded and uneven > UNEVEN and fast):
        return 0.0, 0.0, 0.0, 0.0
    tilt = sharp = 0.0
    for j in range(pos, stop):
        if at[j, ENERGY] >= threshold and among[j - pos] > 0:
            deflect(x, gone, w, at, sizes, boxes, j)
            tilt += tilt_of(x, w, at, sizes, j) / many
            sharp += steepness_of(at[j, ENERGY], sizes, j) / many
    # Beats alternate or sway in size: small ones are no noise if they make the rhythm even.
    if not w[STEEPEST]:
        least = CLEAR * level
        for j in range(pos, stop):
            if least <= at[j, ENERGY] < threshold:
                deflect(x, gone, w, at, sizes, boxes, j)
                among[j - pos] = steepness_of(at[j, ENERGY], sizes, j) >= STEEP * sharp
        more, _, uneven = _rhythm(at, pos, stop, least, among)
        if more > many and uneven < EVEN:
            threshold = least
        return level, _noise(at, pos, stop, threshold, among), tilt, sharp
    among[:] = 1  # a dicrotic wave is no noise
    return level, _noise(at, pos, stop, threshold, among), tilt, sharp


@kernel(counted=False)
def _noise(
    at: NDArray[np.int64], pos: int, stop: int, threshold: float, among: NDArray[np.int8]
) -> float:
    """Return the mean energy of the candidates that are no beats."""
    noise = 0.0
    n_noise = 0
    for j in range(pos, stop):
        if at[j, ENERGY] < threshold or among[j - pos] == 0:
            noise += at[j, ENERGY]
            n_noise += 1
    return noise / max(n_noise, 1)


@kernel(counted=False)
def decide(  # noqa: C901, PLR0912, PLR0913, PLR0915, PLR0917  (one state machine, read from top to bottom)
    at: NDArray[np.int64],
    sizes: NDArray[np.float64],
    known: int,
    last: bool,  # noqa: FBT001  (a compiled function has no keywords)
    fs: float,
    floor: float,
    x: NDArray[np.int32],
    gone: NDArray[np.int32],
    w: NDArray[np.int64],
    boxes: NDArray[np.int64],
    s: NDArray[np.float64],
    energies: NDArray[np.float64],
    intervals: NDArray[np.float64],
    order: NDArray[np.float64],
    verdict: NDArray[np.uint8],
    sign: NDArray[np.int8],
) -> int:
    """Go on deciding; return the index before which every candidate is decided.

    Parameters
    ----------
    at : ndarray of int64, shape (n, N_PLACES)
        The section's candidates so far.
    sizes : ndarray of float64, shape (room, N_SIZES)
        Their deflections, looked up when they matter, changed in place.
    known : int
        Sample index before which all candidates are given.
    last : bool
        Whether no more will come.
    fs : float
        Sampling frequency. [Hz]
    floor : float
        Smallest energy that can be a beat.
    x, gone, w, boxes
        What `deflect` needs.
    s, energies, intervals, order : ndarray of float64
        What `beginning` began, changed in place.
    verdict : ndarray of uint8, shape (n,)
        Changed in place.
    sign : ndarray of int8, shape (n,)
        Polarity at each beat, changed in place.
    """
    n = len(at)
    learn = LEARN_S * fs
    lost = LOST_S * fs
    while True:
        pos = int(s[POS])
        if s[SPK] == 0.0:
            start = s[FROM]
            if known < start + learn and not last:
                return int(start)
            level, noise, tilt, sharp = _learn(
                *(at, sizes, pos, start, fs, floor, s[USUAL]), *(x, gone, w, boxes, sign)
            )
            if level == 0.0:
                s[FROM] = start + 0.5 * learn
                while pos < n and at[pos, TOP] < s[FROM]:
                    verdict[pos] = NOT_A_BEAT
                    pos += 1
                s[POS] = pos
                if last and pos >= n:
                    return known
                continue
            s[SPK] = level
            s[USUAL] = level
            s[NPK] = noise
            s[LAST] = -1.0
            s[BACK] = -1.0
            s[TILT] = tilt
            s[SHARP] = sharp
            s[SIGN] = 1.0 if tilt >= UPWARD else -1.0
            energies[:] = level
            order[1, :] = level
            s[N_E] = RING
            continue
        spk = s[SPK]
        npk = min(s[NPK], (MOST_ECHO if w[STEEPEST] else 0.5) * spk)
        threshold = npk + THRESHOLD * (spk - npk)
        clear = threshold if w[STEEPEST] else min(threshold, max(CLEAR * spk, CLEAR_MARGIN * npk))
        quietest = s[QUIETEST:N_NUMBERS]
        rr = s[RR]
        # A dicrotic wave keeps its place in the interval, a T wave comes no later than its latest.
        soon = SOON * rr if w[STEEPEST] else min(SOON * rr, T_WAVE_S * fs)
        since = s[LAST] if s[LAST] >= 0 else s[FROM]
        # Whatever comes first in time decides next: a candidate, an overdue beat, a lost rhythm.
        reached = float(at[pos, TOP]) if pos < n else (1e18 if last else float(known))
        overdue = since + OVERDUE * rr
        due = rr > 0 and s[LAST] >= 0 and s[BACK] != s[LAST] and overdue <= since + lost
        if due and reached > overdue:
            best = -1
            must_wait = False
            before = _index_of(at, pos, s[LAST]) if w[STEEPEST] else 0
            k = pos - 1
            while k >= 0 and at[k, TOP] > s[LAST]:
                far = at[k, TOP] - s[LAST] > soon
                stands_out = at[k, ENERGY] >= max(0.5 * threshold, NOISE_MARGIN * npk)
                if (
                    far
                    and at[k, TOP] <= overdue
                    and stands_out
                    and (best < 0 or at[k, ENERGY] >= at[best, ENERGY])
                    and not (w[STEEPEST] and returning(x, w, at, k, s[LAST], rr))
                ):
                    echo = echoes(at, before, k, 0.0 if last else known, fs) if w[STEEPEST] else 0
                    must_wait = must_wait or echo < 0
                    best = k if echo == 0 else best
                k -= 1
            if must_wait:
                break
            s[BACK] = s[LAST]
            if best >= 0 and not w[STEEPEST] and at[best, ENERGY] < P_SHARE * spk:
                after = float(at[best, TOP] - s[LAST])
                if not _stands_out(x, gone, w, at, best, fs, after, rr, quietest):
                    best = -1
            if best >= 0:
                deflect(x, gone, w, at, sizes, boxes, best)
                verdict[best] = SEARCHED_BACK
                sign[best] = np.int8(s[SIGN])
                s[RR] = push(intervals, order[0], int(s[N_RR]), at[best, TOP] - s[LAST])
                s[N_RR] += 1
                s[SPK] = push(energies, order[1], int(s[N_E]), float(at[best, ENERGY]))
                s[N_E] += 1
                s[LAST] = at[best, TOP]
                s[POS] = best + 1
            continue
        if reached > since + lost:
            s[USUAL] = spk if s[USUAL] == 0.0 else min(spk, BURST * s[USUAL])
            s[SPK] = 0.0
            s[FROM] = since + 1.0
            k = pos
            while k > 0 and at[k - 1, TOP] > since:
                k -= 1
            s[POS] = k
            continue
        if pos >= n:
            break
        gap = float(at[pos, TOP] - s[LAST])
        energy = float(at[pos, ENERGY])
        taken = energy >= clear
        early = s[LAST] >= 0 and gap < soon and energy < HALF * spk
        returns = w[STEEPEST] > 0 and taken and not early and s[LAST] >= 0
        if returns and not returning(x, w, at, pos, s[LAST], rr):
            echo = echoes(at, _index_of(at, pos, s[LAST]), pos, 0.0 if last else known, fs)
            if echo < 0:
                break
            returns = echo > 0
        if w[STEEPEST]:
            taken = taken and not early and not returns
        elif taken and energy < P_SHARE * spk:
            reach = at[pos, TOP] + (min(SOON * rr, P_WAVE_S * fs) if rr > 0 else P_WAVE_S * fs)
            if known <= reach and not last:
                break
            taken = not _followed(at, pos, reach)
            taken = taken and _stands_out(x, gone, w, at, pos, fs, gap, rr, quietest)
            if taken and (early or energy < threshold):
                deflect(x, gone, w, at, sizes, boxes, pos)
                steep = steepness_of(energy, sizes, pos)
                taken = steep >= (T_STEEP if early else STEEP) * s[SHARP]
                taken = taken and not (early and energy < T_SHARE * spk)
        if taken:
            verdict[pos] = BEAT
            deflect(x, gone, w, at, sizes, boxes, pos)
            tilt = tilt_of(x, w, at, sizes, pos)
            s[SHARP] += (steepness_of(energy, sizes, pos) - s[SHARP]) / 16.0
            s[TILT] += (tilt - s[TILT]) / 16.0
            against = (tilt - UPWARD) * s[SIGN] < -SWAY
            s[AGAINST] = s[AGAINST] + 1.0 if against else 0.0
            if s[AGAINST] >= TURNED:
                s[TILT] = tilt
            if (s[TILT] - UPWARD) * s[SIGN] < -SWAY:
                s[SIGN] = -s[SIGN]
            sign[pos] = way_of(w, at, sizes, pos, s[SIGN])
            if s[LAST] >= 0:
                s[RR] = push(intervals, order[0], int(s[N_RR]), gap)
                s[N_RR] += 1
            s[SPK] = push(energies, order[1], int(s[N_E]), energy)
            s[N_E] += 1
            s[LAST] = at[pos, TOP]
        else:
            verdict[pos] = NOT_A_BEAT
            # Nor is a wave soon after a pulse noise: it would hide the pulses that are small.
            if returns or (w[STEEPEST] and s[LAST] >= 0 and gap < CLOSE * rr):
                s[POS] = pos + 1
                continue
            # A missed beat must not pass for much noise, or the next would be missed for it.
            s[NPK] += (min(energy, max(3.0 * s[NPK], NOISE_STEP * spk)) - s[NPK]) / 8.0
        s[POS] = pos + 1
    # After the last beat a candidate may still be searched back, or learned anew.
    if last:
        return known
    if s[LAST] >= 0:
        return min(int(s[LAST]) + 1, known)
    return min(int(s[FROM]), known)
