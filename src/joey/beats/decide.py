"""Which candidates are beats: one loop over candidates, with all its state in arrays.

What the loop knows of a section (`memory`) is bounded and starts empty, so that any chunking
decides the same. It learns the size of a beat from 4.6 s, follows it by the median of the last
eight, looks back when a beat is overdue, and learns anew when none was found for 3 s.

A candidate of ordinary size is a beat at once. A small one (every second beat of a bigeminy, a wide
ventricular beat, one whose axis a breath has turned) is a beat where it stands out of the noise
that is there, off the usual interval by more, is as steep for its height as no T wave is, and is no
P wave of a larger one right after it. The noise is that of the quiet quarter of the last 1.5 s:
between the beats of a fast heart there is no room for candidates of noise to learn from, and the
first ones of a pause must not fill it. But a bout of artifacts fills that time and raises the usual
size, and the first beat behind it is neither small nor noise: one of the size that was held before
the bout, where a beat is overdue, needs no quiet.

The parts of the loop are compiled into it: to hand a beat's arrays on, call by call, would take as
long as all else that is done for it.
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
from joey.beats.learning import LEARN_S, QUIET_SHARE, STEEP, learn, quiet_beside
from joey.beats.medians import RING
from joey.beats.memory import (
    BACK,
    BY_SIZE,
    ENERGIES,
    FROM,
    HELD,
    LAST,
    N_E,
    N_NUMBERS,
    NPK,
    P_SHARE,
    POS,
    QUIETEST,
    SHARP,
    SIGN,
    SOON,
    SPK,
    TILT,
    UPWARD,
    USUAL,
    Candidates,
    Trace,
    Usual,
    follow_polarity,
    hear_noise,
    hold,
    remember,
    usual_of,
)
from joey.beats.pulses import CLOSE, echoes, returning
from joey.compiled import kernel

__all__ = [
    "BEAT",
    "NOT_A_BEAT",
    "OPEN",
    "PULSE_FLOOR",
    "SEARCHED_BACK",
    "decide",
]

OPEN, NOT_A_BEAT, BEAT, SEARCHED_BACK = 0, 1, 2, 3  # verdict on a candidate
ECHO = 4  # no beat, and no noise either: it would hide the pulses that are small

LOST_S = 3.0  # no beat for so long: the size of a beat is learned anew
OVERDUE = 1.6  # median intervals without a beat before looking back
T_SHARE, T_STEEP = 0.35, 0.5  # of a beat's size and of its steepness: a T wave has not both
P_WAVE_S = 0.24  # the earliest P wave, before its beat: the longest PR interval
HALF = 0.5  # of a beat's size: below, a candidate may be a T or dicrotic wave
NOISE_MARGIN = 2.5  # a searched-back beat stands out of the noise by this
STANDS_OUT = 2.3  # times the quiet quarter: 99.5 % of the candidates of broad noise are less
COARSE = 0.4  # more of that, as often as the samples of a stretch are fewer than `PLENTY`
PLENTY = 15
EARLIEST, LATEST = 0.75, 1.3  # median intervals: a small beat is on time
BEAT_S = 0.05  # s, of a neonatal QRS
LEAST_SHARE = 0.1  # of the last 1.5 s: two stretches
UNTIMELY = 1.4  # times that, where it is not
BURST = 3.0  # times what was usual: a larger size, soon lost, was one of artifacts
RAISED = 0.8  # of the usual size: the size that is held is less, so there was a bout
NONE, WAIT = -1, -2  # candidates: there is none, or more must be known
FLOOR = 4  # an energy below this many counts x boxes is a flat line's quantization
PULSE_FLOOR = 3  # the same of a pleth: a pulse of 5 counts has more, noise of 1 count has less


@kernel(counted=False)
def decide(  # noqa: PLR0913, PLR0917  (a compiled function has no keywords)
    at: NDArray[np.int64],
    sizes: NDArray[np.float64],
    known: int,
    last: bool,  # noqa: FBT001
    fs: float,
    floor: float,
    x: NDArray[np.int32],
    gone: NDArray[np.int32],
    w: NDArray[np.int64],
    boxes: NDArray[np.int64],
    s: NDArray[np.float64],
    rings: NDArray[np.float64],
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
    s : ndarray of float64, shape (N_NUMBERS,)
    rings : ndarray of float64, shape (N_RINGS, RING)
        What `beginning` began, changed in place.
    verdict : ndarray of uint8, shape (n,)
        Changed in place.
    sign : ndarray of int8, shape (n,)
        Polarity at each beat, changed in place.
    """
    trace = Trace(x, gone, w, boxes, fs)
    them = Candidates(at, sizes, verdict, sign)
    until = 0.0 if last else float(known)
    while True:
        if s[SPK] == 0.0:
            if known < s[FROM] + LEARN_S * fs and not last:
                return int(s[FROM])
            if not _learn_size(floor, trace, them, s, rings) and last and s[POS] >= len(at):
                return known
        elif not _decide_next(until, trace, them, s, rings):
            break
    # After the last beat a candidate may still be searched back, or learned anew.
    if last:
        return known
    if s[LAST] >= 0:
        return min(int(s[LAST]) + 1, known)
    return min(int(s[FROM]), known)


@kernel(inline="always", counted=False)
def _decide_next(
    until: float,
    trace: Trace,
    them: Candidates,
    s: NDArray[np.float64],
    rings: NDArray[np.float64],
) -> bool:
    """Go on by whatever comes first in time: a candidate, an overdue beat, a lost rhythm.

    False: more must be known, `until` where all is known now; 0: no more will come.
    """
    pos, many = int(s[POS]), len(them.at)
    usual = usual_of(trace.w, trace.fs, s)
    reached = float(them.at[pos, TOP]) if pos < many else (until if until > 0.0 else 1e18)
    if _is_overdue(reached, usual, trace.fs, s):
        return _search_back(pos, until, usual, trace, them, s, rings)
    if reached > usual.since + LOST_S * trace.fs:
        _forget_size(pos, usual, them.at, s)
        return True
    return pos < many and _decide_on(pos, until, usual, trace, them, s, rings)


@kernel(inline="always", counted=False)
def _decide_on(
    pos: int,
    until: float,
    usual: Usual,
    trace: Trace,
    them: Candidates,
    s: NDArray[np.float64],
    rings: NDArray[np.float64],
) -> bool:
    """Decide on the next candidate; False: more must be known."""
    if trace.w[STEEPEST]:
        found = _judge_pulse(pos, until, usual, trace, them.at, s)
    else:
        found = _judge_wave(pos, until, usual, trace, them, s)
    if found == OPEN:
        return False
    if found == BEAT:
        _take(pos, trace, them, s, rings)
    else:
        them.verdict[pos] = NOT_A_BEAT
        if found == NOT_A_BEAT:
            hear_noise(float(them.at[pos, ENERGY]), usual, s)
    s[POS] = pos + 1
    return True


@kernel(inline="always", counted=False)
def _learn_size(
    floor: float,
    trace: Trace,
    them: Candidates,
    s: NDArray[np.float64],
    rings: NDArray[np.float64],
) -> bool:
    """Learn what a beat is from the next span; where none is in it, pass over half of it."""
    x, gone, w, boxes, fs = trace
    at, sizes, verdict, sign = them
    pos, start = int(s[POS]), s[FROM]
    level, noise, tilt, sharp = learn(
        *(at, sizes, pos, start, fs, floor, s[USUAL]),
        *(x, gone, w, boxes, sign, s[SHARP], s[QUIETEST:N_NUMBERS]),
    )
    if level == 0.0:
        s[FROM] = start + 0.5 * (LEARN_S * fs)
        while pos < len(at) and at[pos, TOP] < s[FROM]:
            verdict[pos] = NOT_A_BEAT
            pos += 1
        s[POS] = pos
        return False
    s[SPK] = s[USUAL] = s[HELD] = level
    s[NPK] = noise
    s[LAST] = s[BACK] = -1.0
    s[TILT] = tilt
    s[SHARP] = sharp
    s[SIGN] = 1.0 if tilt >= UPWARD else -1.0
    rings[ENERGIES] = level
    rings[BY_SIZE] = level
    s[N_E] = RING
    return True


@kernel(inline="always", counted=False)
def _is_overdue(reached: float, usual: Usual, fs: float, s: NDArray[np.float64]) -> bool:
    """Whether a beat should have come by now that was not looked back for, nor is one given up."""
    due = usual.since + OVERDUE * usual.interval
    waits = usual.interval > 0 and s[LAST] >= 0 and s[BACK] != s[LAST]
    return waits and due <= usual.since + LOST_S * fs and reached > due


@kernel(inline="always", counted=False)
def _search_back(
    pos: int,
    until: float,
    usual: Usual,
    trace: Trace,
    them: Candidates,
    s: NDArray[np.float64],
    rings: NDArray[np.float64],
) -> bool:
    """Take the best that was passed over since the last beat; False: more must be known."""
    x, gone, w, boxes, _ = trace
    at, sizes, verdict, sign = them
    best = _best_before(pos, until, usual, trace, at, s)
    if best == WAIT:
        return False
    s[BACK] = s[LAST]
    if best == NONE:
        return True
    energy, gap = float(at[best, ENERGY]), float(at[best, TOP] - s[LAST])
    small = w[STEEPEST] == 0 and energy < P_SHARE * usual.beat
    if (
        small
        and not _as_held(energy, s[HELD], usual.beat)
        and not _stands_out(best, gap, usual, trace, at, s)
    ):
        return True
    deflect(x, gone, w, at, sizes, boxes, best)
    verdict[best] = SEARCHED_BACK
    sign[best] = np.int8(s[SIGN])
    remember(at[best, TOP], energy, s, rings)
    s[POS] = best + 1
    return True


@kernel(inline="always", counted=False)
def _best_before(
    pos: int,
    until: float,
    usual: Usual,
    trace: Trace,
    at: NDArray[np.int64],
    s: NDArray[np.float64],
) -> int:
    """Return which of the candidates since the last beat is the largest that may be an overdue one.

    `NONE` where none may be, `WAIT` where more must be known.
    """
    least = max(0.5 * usual.threshold, NOISE_MARGIN * usual.noise)
    due = usual.since + OVERDUE * usual.interval
    best, k = NONE, pos - 1
    while k >= 0 and at[k, TOP] > s[LAST]:
        in_time = at[k, TOP] - s[LAST] > usual.soon and at[k, TOP] <= due
        larger = at[k, ENERGY] >= least and (best < 0 or at[k, ENERGY] >= at[best, ENERGY])
        if in_time and larger:
            echo = _is_echo(k, until, usual, trace, at, s) if trace.w[STEEPEST] else 0
            if echo < 0:
                return WAIT
            best = k if echo == 0 else best
        k -= 1
    return best


@kernel(inline="always", counted=False)
def _forget_size(pos: int, usual: Usual, at: NDArray[np.int64], s: NDArray[np.float64]) -> None:
    """Have the size of a beat learned anew from where the rhythm was lost.

    What was usual is kept to judge it by; a size that was soon lost was one of artifacts.
    """
    s[USUAL] = usual.beat if s[USUAL] == 0.0 else min(usual.beat, BURST * s[USUAL])
    s[SPK] = 0.0
    s[FROM] = usual.since + 1.0
    k = pos
    while k > 0 and at[k - 1, TOP] > usual.since:
        k -= 1
    s[POS] = k


@kernel(inline="always", counted=False)
def _judge_pulse(
    pos: int,
    until: float,
    usual: Usual,
    trace: Trace,
    at: NDArray[np.int64],
    s: NDArray[np.float64],
) -> int:
    """Say whether a candidate in a pleth is a pulse: large enough, and no dicrotic wave of one."""
    gap, energy = float(at[pos, TOP] - s[LAST]), float(at[pos, ENERGY])
    first = s[LAST] < 0
    early = not first and gap < usual.soon and energy < HALF * usual.beat
    if energy < usual.clear or early:
        # Nor is a wave soon after a pulse noise.
        return ECHO if not first and gap < CLOSE * usual.interval else NOT_A_BEAT
    if first:
        return BEAT
    echo = _is_echo(pos, until, usual, trace, at, s)
    if echo < 0:
        return OPEN
    return ECHO if echo > 0 else BEAT


@kernel(inline="always", counted=False)
def _is_echo(
    c: int,
    until: float,
    usual: Usual,
    trace: Trace,
    at: NDArray[np.int64],
    s: NDArray[np.float64],
) -> int:
    """Whether a wave is the dicrotic one of the last pulse, as `echoes` says it."""
    if returning(trace.x, trace.w, at, c, s[LAST], usual.interval):
        return 1
    return echoes(at, _index_of(at, c, s[LAST]), c, until, trace.fs)


@kernel(inline="always", counted=False)
def _judge_wave(
    pos: int,
    until: float,
    usual: Usual,
    trace: Trace,
    them: Candidates,
    s: NDArray[np.float64],
) -> int:
    """Say whether a candidate in an ECG is a beat: at once where it is of ordinary size."""
    at, energy = them.at, float(them.at[pos, ENERGY])
    if energy < usual.clear:
        return NOT_A_BEAT
    if energy >= P_SHARE * usual.beat:
        return BEAT
    longest = P_WAVE_S * trace.fs
    reach = at[pos, TOP] + (min(SOON * usual.interval, longest) if usual.interval > 0 else longest)
    if 0.0 < until <= reach:
        return OPEN
    if _followed(at, pos, reach):
        return NOT_A_BEAT
    gap = float(at[pos, TOP] - s[LAST])
    late = usual.interval > 0 and s[LAST] >= 0 and gap > OVERDUE * usual.interval
    held = late and _as_held(energy, s[HELD], usual.beat)
    if not held and not _stands_out(pos, gap, usual, trace, at, s):
        return NOT_A_BEAT
    return BEAT if _is_steep(pos, energy, gap, usual, trace, them, s) else NOT_A_BEAT


@kernel(inline="always", counted=False)
def _is_steep(
    pos: int,
    energy: float,
    gap: float,
    usual: Usual,
    trace: Trace,
    them: Candidates,
    s: NDArray[np.float64],
) -> bool:
    """Whether a small candidate is steep for its height, as no T wave is; it is asked where it may.

    That is soon after a beat, and where it is too small to be told from noise by its size.
    """
    early = s[LAST] >= 0 and gap < usual.soon and energy < HALF * usual.beat
    if not early and energy >= usual.threshold:
        return True
    x, gone, w, boxes, _ = trace
    deflect(x, gone, w, them.at, them.sizes, boxes, pos)
    steep = steepness_of(energy, them.sizes, pos)
    if early:
        return bool(steep >= T_STEEP * s[SHARP] and energy >= T_SHARE * usual.beat)
    return bool(steep >= STEEP * s[SHARP])


@kernel(inline="always", counted=False)
def _take(
    pos: int,
    trace: Trace,
    them: Candidates,
    s: NDArray[np.float64],
    rings: NDArray[np.float64],
) -> None:
    """Take a candidate for a beat, and let it have its part in what is usual."""
    x, gone, w, boxes, _ = trace
    at, sizes, verdict, sign = them
    energy = float(at[pos, ENERGY])
    deflect(x, gone, w, at, sizes, boxes, pos)
    s[SHARP] += (steepness_of(energy, sizes, pos) - s[SHARP]) / 16.0
    s[HELD] = hold(s[HELD], energy)
    follow_polarity(tilt_of(x, w, at, sizes, pos), s)
    verdict[pos] = BEAT
    sign[pos] = way_of(w, at, sizes, pos, s[SIGN])
    remember(at[pos, TOP], energy, s, rings)


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
def _stands_out(
    c: int,
    gap: float,
    usual: Usual,
    trace: Trace,
    at: NDArray[np.int64],
    s: NDArray[np.float64],
) -> bool:
    """Whether a small candidate is more than the noise that is there; off the beat, much more."""
    x, gone, w, _, fs = trace
    rr = usual.interval
    width = 2 * w[GATHER] + w[STRIDE]
    limit = STANDS_OUT * (1.0 + COARSE * max(PLENTY / width - 1.0, 0.0))
    share = QUIET_SHARE
    if rr > 0 and not EARLIEST * rr <= gap <= LATEST * rr:
        limit *= UNTIMELY
    elif rr > 0:  # between the beats of a very fast heart there may be no stretch without one
        free = 1.0 - (width + 2 * w[LONG] + BEAT_S * fs) / rr
        share = max(min(share, 0.5 * free), LEAST_SHARE)
        if share < QUIET_SHARE and at[c, ENERGY] >= P_SHARE * usual.swaying:
            return (
                True  # where breathing sways the size, what is held is near that of the small ones
            )
    quiet = quiet_beside(x, gone, w, at[c, TOP], fs, s[QUIETEST:N_NUMBERS], share)
    return bool(at[c, ENERGY] >= limit * quiet)


@kernel(counted=False)
def _as_held(energy: float, size: float, spk: float) -> bool:
    """Whether this is the size of a beat before a bout, and the bout has raised the usual size."""
    return P_SHARE * size <= energy <= size / P_SHARE and size <= RAISED * spk
