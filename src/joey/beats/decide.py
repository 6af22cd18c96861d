"""Which candidates are beats: one loop over candidates, with all its state in arrays.

What the loop knows of a section is bounded and starts empty, so that any chunking decides the
same. It learns the size of a beat from 4 s, follows it by the median of the last eight, looks back
when a beat is overdue, and learns anew when none was found for 3 s.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from joey.beats.deflections import ENERGY, HIGH_SIZE, LOW_SIZE, TOP, deflect

__all__ = ["BEAT", "NOT_A_BEAT", "OPEN", "SEARCHED_BACK", "State", "decide", "push"]

OPEN, NOT_A_BEAT, BEAT, SEARCHED_BACK = 0, 1, 2, 3  # verdict on a candidate

LEARN_S = 4.6  # two halves of 2.3 s: each holds a beat from 30/min on
LOST_S = 3.0  # no beat for so long: the size of a beat is learned anew
THRESHOLD = 0.35  # of the way from noise to beat
OVERDUE = 1.6  # median intervals without a beat before looking back
EARLY = 0.5  # of the median interval: earlier and under half a beat's size is a T or dicrotic wave
NOISE_MARGIN = 2.5  # a searched-back beat stands out of the noise by this
UPWARD = -0.55  # tilt: an R wave is timed unless the downward deflection is far larger (QS)
SWAY = 0.1  # tilt: how far past `UPWARD` it goes before the polarity changes
EDGE_SHARE = 0.3  # of the last known size: less, in a span cut short, is what follows a beat
CROWDED = 0.75  # share of candidates the size of beats: only noise and very fast hearts have more
UNEVEN = 0.15  # mean change of interval over mean interval: a very fast heart is regular, noise not
FLOOR = 4  # an energy below this many counts x boxes is a flat line's quantization

SPK, NPK, LAST, FROM, TILT, SIGN, POS, BACK, N_RR, N_E, USUAL, RR = range(12)


class State:
    """The arrays the loop carries from call to call."""

    __slots__ = ("energies", "intervals", "numbers", "order")

    def __init__(self) -> None:
        self.numbers: NDArray[np.float64] = np.zeros(12)
        self.energies: NDArray[np.float64] = np.zeros(8)
        self.intervals: NDArray[np.float64] = np.zeros(8)
        self.order: NDArray[np.float64] = np.zeros((2, 8))
        self.clear()

    def clear(self) -> None:
        """Forget everything."""
        self.numbers[:] = 0.0
        self.numbers[LAST] = -1.0
        self.numbers[BACK] = -1.0
        self.energies[:] = 0.0
        self.intervals[:] = 0.0
        self.order[:] = 0.0


@njit(cache=True)
def push(ring: NDArray[np.float64], order: NDArray[np.float64], count: int, value: float) -> float:
    """Put a value in the place of the oldest; return the median of those in the ring.

    Parameters
    ----------
    ring, order : ndarray of float64, shape (n,)
        The values as they came, and sorted; changed in place.
    count : int
        How many were put before.
    value : float
        The new one.
    """
    n = len(ring)
    at = count % n
    filled = min(count, n)
    if count >= n:
        old = ring[at]
        k = 0
        while order[k] != old:
            k += 1
        while k < n - 1:
            order[k] = order[k + 1]
            k += 1
        filled = n - 1
    k = filled
    while k > 0 and order[k - 1] > value:
        order[k] = order[k - 1]
        k -= 1
    order[k] = value
    ring[at] = value
    filled += 1
    return float(0.5 * (order[(filled - 1) // 2] + order[filled // 2]))


@njit(cache=True)
def _tilt(sizes: NDArray[np.float64]) -> float:
    """Return how much larger the upward deflection is than the downward, -1 to 1."""
    most = max(sizes[HIGH_SIZE], sizes[LOW_SIZE], 1e-9)
    return float((sizes[HIGH_SIZE] - sizes[LOW_SIZE]) / most)


@njit(cache=True)
def _is_noise(at: NDArray[np.int64], pos: int, stop: int, threshold: float) -> bool:
    """Whether nearly all candidates are the size of beats and come unevenly."""
    many = 0
    before = -1
    gap_before = -1
    total = 0.0
    change = 0.0
    for j in range(pos, stop):
        if at[j, ENERGY] >= threshold:
            many += 1
            if before >= 0:
                gap = at[j, TOP] - before
                total += gap
                if gap_before >= 0:
                    change += abs(gap - gap_before)
                gap_before = gap
            before = at[j, TOP]
    return many >= 6 and many > CROWDED * (stop - pos) and change > UNEVEN * total


@njit(cache=True)
def _learn(  # noqa: PLR0913, PLR0917  (a compiled function has no keywords)
    at: NDArray[np.int64],
    sizes: NDArray[np.float64],
    pos: int,
    start: float,
    learn: float,
    floor: float,
    usual: float,
    x: NDArray[np.int32],
    gone: NDArray[np.int32],
    w: NDArray[np.int64],
    timed: NDArray[np.float64],
) -> tuple[float, float, float]:
    """Return beat size, noise size and tilt from the candidates of one learning span; 0: none."""
    first = 0.0
    second = 0.0
    stop = pos
    while stop < len(at) and at[stop, TOP] < start + learn:
        if at[stop, TOP] < start + 0.5 * learn:
            first = max(first, float(at[stop, ENERGY]))
        else:
            second = max(second, float(at[stop, ENERGY]))
        stop += 1
    # The lesser of the two halves: one burst of motion does not set the size of a beat.
    level = min(first, second) if first > 0 and second > 0 else max(first, second)
    cut_short = first == 0 or second == 0
    if level < floor or (cut_short and level < EDGE_SHARE * usual):
        return 0.0, 0.0, 0.0
    if _is_noise(at, pos, stop, THRESHOLD * level):
        return 0.0, 0.0, 0.0
    noise = 0.0
    n_noise = 0
    tilt = 0.0
    n_beats = 0
    for j in range(pos, stop):
        if at[j, ENERGY] < THRESHOLD * level:
            noise += at[j, ENERGY]
            n_noise += 1
        else:
            deflect(x, gone, w, timed, at[j], sizes[j])
            tilt += _tilt(sizes[j])
            n_beats += 1
    if n_noise > 0:
        noise /= n_noise
    return level, noise, tilt / max(n_beats, 1)


@njit(cache=True)
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
    timed: NDArray[np.float64],
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
    x, gone, w, timed
        What `deflect` needs.
    s, energies, intervals, order : ndarray of float64
        `State`, changed in place.
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
            level, noise, tilt = _learn(
                *(at, sizes, pos, start, learn, floor, s[USUAL]), *(x, gone, w, timed)
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
            s[SIGN] = 1.0 if tilt >= UPWARD else -1.0
            energies[:] = level
            order[1, :] = level
            s[N_E] = 8
            continue
        spk = s[SPK]
        npk = min(s[NPK], 0.5 * spk)
        threshold = npk + THRESHOLD * (spk - npk)
        rr = s[RR]
        since = s[LAST] if s[LAST] >= 0 else s[FROM]
        # Whatever comes first in time decides next: a candidate, an overdue beat, a lost rhythm.
        reached = float(at[pos, TOP]) if pos < n else (1e18 if last else float(known))
        overdue = since + OVERDUE * rr
        if rr > 0 and s[LAST] >= 0 and s[BACK] != s[LAST] and reached > overdue:
            s[BACK] = s[LAST]
            best = -1
            k = pos - 1
            while k >= 0 and at[k, TOP] > s[LAST]:
                far = at[k, TOP] - s[LAST] > EARLY * rr
                stands_out = at[k, ENERGY] >= max(0.5 * threshold, NOISE_MARGIN * npk)
                if (
                    far
                    and at[k, TOP] <= overdue
                    and stands_out
                    and (best < 0 or at[k, ENERGY] >= at[best, ENERGY])
                ):
                    best = k
                k -= 1
            if best >= 0:
                deflect(x, gone, w, timed, at[best], sizes[best])
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
            s[USUAL] = spk
            s[SPK] = 0.0
            s[FROM] = since + 1.0
            k = pos
            while k > 0 and at[k - 1, TOP] > since:
                k -= 1
            s[POS] = k
            continue
        if pos >= n:
            break
        gap = at[pos, TOP] - s[LAST]
        early = s[LAST] >= 0 and rr > 0 and gap < EARLY * rr and at[pos, ENERGY] < 0.5 * spk
        if at[pos, ENERGY] >= threshold and not early:
            verdict[pos] = BEAT
            deflect(x, gone, w, timed, at[pos], sizes[pos])
            tilt = _tilt(sizes[pos])
            s[TILT] += (tilt - s[TILT]) / 16.0
            if (s[TILT] - UPWARD) * s[SIGN] < -SWAY:
                s[SIGN] = -s[SIGN]
            sign[pos] = np.int8(s[SIGN])
            if s[LAST] >= 0:
                s[RR] = push(intervals, order[0], int(s[N_RR]), gap)
                s[N_RR] += 1
            s[SPK] = push(energies, order[1], int(s[N_E]), float(at[pos, ENERGY]))
            s[N_E] += 1
            s[LAST] = at[pos, TOP]
        else:
            verdict[pos] = NOT_A_BEAT
            s[NPK] += (at[pos, ENERGY] - s[NPK]) / 8.0
        s[POS] = pos + 1
    # After the last beat a candidate may still be searched back, or learned anew.
    if last:
        return known
    if s[LAST] >= 0:
        return min(int(s[LAST]) + 1, known)
    return min(int(s[FROM]), known)
