"""Which candidates are beats: one loop over candidates, with all its state in arrays.

What the loop knows of a section is bounded and starts empty, so that any chunking decides the
same. It learns the size of a beat from 4.6 s, follows it by the median of the last eight, looks
back when a beat is overdue, and learns anew when none was found for 3 s.

A candidate of ordinary size is a beat at once. A small one (every second beat of a bigeminy, a wide
ventricular beat, one whose axis a breath has turned) is a beat where it stands out of the noise
that is there, off the usual interval by more, is as steep for its height as no T wave is, and is no
P wave of a larger one right after it. The noise is that of the quiet quarter of the last 1.5 s:
between the beats of a fast heart there is no room for candidates of noise to learn from, and the
first ones of a pause must not fill it. But a bout of artifacts fills that time and raises the usual
size, and the first beat behind it is neither small nor noise: one of the size that was held before
the bout, where a beat is overdue, needs no quiet.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from joey.beats.deflections import (
    ENERGY,
    GATHER,
    LONG,
    STEEPEST,
    STRIDE,
    TOP,
    deflect,
    steepness_of,
    tilt_of,
    way_of,
)
from joey.beats.learning import (
    CLEAR,
    LEARN_S,
    QUIET_SHARE,
    STEEP,
    THRESHOLD,
    learn,
    quiet_beside,
)
from joey.beats.medians import RING, push
from joey.beats.pulses import CLOSE, echoes, returning
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

LOST_S = 3.0  # no beat for so long: the size of a beat is learned anew
OVERDUE = 1.6  # median intervals without a beat before looking back
MOST_ECHO = (
    0.2  # of a pulse's size: what is taken for noise between pulses are mostly echoes of them
)
SOON = 0.5  # of the median interval: so soon after a beat and under half its size is a T wave
T_WAVE_S = 0.36  # the latest T wave (Pan and Tompkins 1985)
T_SHARE, T_STEEP = 0.35, 0.5  # of a beat's size and of its steepness: a T wave has not both
P_WAVE_S = 0.24  # the earliest P wave, before its beat: the longest PR interval
HALF = 0.5  # of a beat's size: below, a candidate may be a T or dicrotic wave
P_SHARE = 0.7  # of the size of its beat, usual and own: the largest P wave
NOISE_MARGIN = 2.5  # a searched-back beat stands out of the noise by this
NOISE_STEP = 0.05  # of a beat's size: noise is taken to grow to this at once, and threefold after
CLEAR_MARGIN = 1.0  # times the usual candidate of noise: a small beat, before it is overdue
STANDS_OUT = 2.3  # times the quiet quarter: 99.5 % of the candidates of broad noise are less
COARSE = 0.4  # more of that, as often as the samples of a stretch are fewer than `PLENTY`
PLENTY = 15
EARLIEST, LATEST = 0.75, 1.3  # median intervals: a small beat is on time
BEAT_S = 0.05  # s, of a neonatal QRS
LEAST_SHARE = 0.1  # of the last 1.5 s: two stretches
UNTIMELY = 1.4  # times that, where it is not
UPWARD = -0.55  # tilt: an R wave is timed unless the downward deflection is far larger (QS)
SWAY = (
    0.25  # tilt: how far past `UPWARD` it goes before the polarity changes; within, either will do
)
TURNED = 4  # beats in a row that are of the other polarity: the electrodes or the axis have turned
BURST = 3.0  # times what was usual: a larger size, soon lost, was one of artifacts
# The size that is held follows smaller beats in 8, larger ones in 64, as if by no more than half:
# 8 s of artifacts, five a second, raise it by less than `P_SHARE` takes back.
SHRINKS, GROWS, LARGEST = 8.0, 64.0, 1.5
RAISED = 0.8  # of the usual size: the size that is held is less, so there was a bout
FLOOR = 4  # an energy below this many counts x boxes is a flat line's quantization
PULSE_FLOOR = 3  # the same of a pleth: a pulse of 5 counts has more, noise of 1 count has less

(SPK, NPK, LAST, FROM, TILT, SIGN, POS, BACK, N_RR, N_E, USUAL, RR, SHARP, AGAINST) = range(14)
HELD, QUIETEST = 14, 15
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
def _stands_out(  # noqa: PLR0913, PLR0917
    x: NDArray[np.int32],
    gone: NDArray[np.int32],
    w: NDArray[np.int64],
    at: NDArray[np.int64],
    c: int,
    fs: float,
    gap: float,
    rr: float,
    held: float,
    least: NDArray[np.float64],
) -> bool:
    """Whether a small candidate is more than the noise that is there; off the beat, much more."""
    width = 2 * w[GATHER] + w[STRIDE]
    limit = STANDS_OUT * (1.0 + COARSE * max(PLENTY / width - 1.0, 0.0))
    share = QUIET_SHARE
    if rr > 0 and not EARLIEST * rr <= gap <= LATEST * rr:
        limit *= UNTIMELY
    elif rr > 0:  # between the beats of a very fast heart there may be no stretch without one
        free = 1.0 - (width + 2 * w[LONG] + BEAT_S * fs) / rr
        share = max(min(share, 0.5 * free), LEAST_SHARE)
        if share < QUIET_SHARE and at[c, ENERGY] >= P_SHARE * held:
            return (
                True  # where breathing sways the size, what is held is near that of the small ones
            )
    return bool(at[c, ENERGY] >= limit * quiet_beside(x, gone, w, at[c, TOP], fs, least, share))


@kernel(counted=False)
def _hold(size: float, energy: float) -> float:
    """Return the size of a beat that a bout of artifacts hardly moves, after one more beat."""
    if energy < size:
        return size + (energy - size) / SHRINKS
    return size + (min(energy, LARGEST * size) - size) / GROWS


@kernel(counted=False)
def _as_held(energy: float, size: float, spk: float) -> bool:
    """Whether this is the size of a beat before a bout, and the bout has raised the usual size."""
    return P_SHARE * size <= energy <= size / P_SHARE and size <= RAISED * spk


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
    sizes : ndarray of float64, shape (most, N_SIZES)
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
    span = LEARN_S * fs
    lost = LOST_S * fs
    while True:
        pos = int(s[POS])
        if s[SPK] == 0.0:
            start = s[FROM]
            if known < start + span and not last:
                return int(start)
            level, noise, tilt, sharp = learn(
                *(at, sizes, pos, start, fs, floor, s[USUAL]),
                *(x, gone, w, boxes, sign, s[SHARP], s[QUIETEST:N_NUMBERS]),
            )
            if level == 0.0:
                s[FROM] = start + 0.5 * span
                while pos < n and at[pos, TOP] < s[FROM]:
                    verdict[pos] = NOT_A_BEAT
                    pos += 1
                s[POS] = pos
                if last and pos >= n:
                    return known
                continue
            s[SPK] = level
            s[USUAL] = s[HELD] = level
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
        swaying = s[HELD] if s[HELD] >= P_SHARE * spk else np.inf  # else there was a bout
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
                if not _as_held(at[best, ENERGY], s[HELD], spk) and not _stands_out(
                    x, gone, w, at, best, fs, after, rr, swaying, quietest
                ):
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
            held = rr > 0 and s[LAST] >= 0 and gap > OVERDUE * rr and _as_held(energy, s[HELD], spk)
            taken = taken and (
                held or _stands_out(x, gone, w, at, pos, fs, gap, rr, swaying, quietest)
            )
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
            s[HELD] = _hold(s[HELD], energy)
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
