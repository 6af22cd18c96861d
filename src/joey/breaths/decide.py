"""Peaks and valleys of breathing: one loop over samples, with all its state in arrays.

A breath is a rise and a fall that each exceed a share of the usual breath, the median of the last
fifteen. The usual breath is known from before a pause, and a pause is only as sure as that
knowledge: after motion, a gap or a lead put on anew it is not trusted until a few breaths agree
with it, and it is learned anew when what moves the chest has another size for a while.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from joey.beats.medians import push
from joey.compiled import kernel

__all__ = ["State", "decide", "edges_of"]

SHARE = 0.35  # of the usual breath's height: a rise or fall smaller than this is none
MOST_GROWTH = 1.5  # of the usual breath: what a larger one counts for
RING = 15  # breaths that make the usual one
STANDS = 0.5  # of the least breath: a top around which it moves less is none
VIOLENT = 3.0  # usual breaths: movement of more is motion, deeper than a sigh
AGREE = 5  # more breaths of the usual size than others make it trusted
PROVEN = 12  # the same since it was learned, others counting twice: motion is too uneven for it
AGREE_FROM, AGREE_TO = 0.6, 1.8  # of the usual breath: a breath of the usual size
LOST_S = 8.0  # s without an agreeing breath, when the usual size is not trusted: learn anew
LOST_TRUSTED_S = 15.0  # s, the same when it is trusted
LOST_SLOW_S = 45.0  # s, the same when it moves as slowly as an adult breathes
RESTLESS_S = 30.0  # s of motion without an end: what is taken for motion is breathing
LEAST = 0.12  # of a trusted usual breath: what moves less is no breathing, however long
EDGE = 0.75  # of the height: inspiration begins, expiration ends so far below the peak
EDGE_S = 2.5  # s, an inspiration or expiration takes no longer
PAUSE_S = 3.0  # s between two peaks: there may be shallow breaths in it
SHALLOW = 0.14  # of the usual breath: smaller ones beside a pause belong to the breath it begins at
SHALLOW_S, MOST_SHALLOW = 2.2, 2  # s to the next of them, and how many
ROUGH = 3.0  # of what is usual in breaths: quick movement of more is motion
BRISK = 0.15  # of what is usual in breaths: what turns more slowly is an adult's breath, or drift
ALIKE = 0.5  # of the usual briskness for its height: as little has what may be learned as breaths
MOSTLY = 0.8  # of the last blocks
LATELY = 32  # blocks, whose mean briskness is the present one

(
    HEIGHT,
    RISING,
    EXTREME,
    WHERE,
    OTHER,
    AGREED,
    POS,
    COUNT,
    AGREES,
    ANEW,
    QUICK,
    TURN,
    CALM,
    PROOF,
    SHAKEN,
) = range(15)


class State:
    """The arrays the loop carries from call to call."""

    __slots__ = ("numbers", "rings")

    def __init__(self, height: float, quick: float, turn: float) -> None:
        self.numbers: NDArray[np.float64] = np.zeros(15)
        self.numbers[COUNT] = RING
        self.numbers[HEIGHT], self.numbers[QUICK], self.numbers[TURN] = height, quick, turn
        # Of the last breaths the heights, how rough and how brisk: as they came, and sorted.
        self.rings: NDArray[np.float64] = np.zeros((6, RING))
        self.rings[:2], self.rings[2:4], self.rings[4:] = height, quick, turn


@kernel
def decide(  # noqa: C901, PLR0912, PLR0913, PLR0915, PLR0917  (one state machine, read from top to bottom)
    samples: NDArray[np.int64],
    valid: NDArray[np.bool_],
    moves: NDArray[np.float64],
    floor: NDArray[np.float64],
    lately: NDArray[np.float64],
    rough: NDArray[np.float64],
    brisk: NDArray[np.float64],
    block: int,
    slowest: float,
    upto: int,
    fs: float,
    s: NDArray[np.float64],
    rings: NDArray[np.float64],
    found: NDArray[np.int64],
    rises: NDArray[np.float64],
    usual: NDArray[np.float64],
    slow: NDArray[np.bool_],
    trusted: NDArray[np.bool_],
    motion: NDArray[np.bool_],
    shaken: NDArray[np.bool_],
) -> tuple[int, int]:
    """Go on to sample `upto`; return how many breaths were found and before where all are final.

    Parameters
    ----------
    samples, valid : ndarray, shape (n,)
        Band-passed impedance and where it can be judged.
    moves, floor, lately, rough, brisk : ndarray of float64, shape (n // block,)
        For each block of samples: how far the impedance moves around it, how far it moves when
        nobody breathes, the median of `moves` over the last seconds, and the RMS of its fourth and
        second differences; NaN where unknown.
    block : int
        Samples in a block.
    slowest : float
        Second differences for its height of what moves faster than an adult breathes.
    upto : int
        Index before which all are given.
    fs : float
        Sampling frequency. [Hz]
    s, rings : ndarray of float64
        `State`, changed in place.
    found, rises : ndarray
        Room for the indices of breaths, and how far they rose.
    usual, slow, trusted, motion, shaken : ndarray, shape (n // block,)
        Changed in place: the usual breath as it was known at each block, whether movement was too
        slow for it, whether it was trusted, whether there was motion, and whether no breath of the
        usual size came since.
    """
    n = 0
    for i in range(int(s[POS]), upto):
        if i % block == 0:
            b = i // block
            move = moves[b]
            motion[b] = move > VIOLENT * s[HEIGHT] or rough[b] > ROUGH * s[QUICK]
            if s[HEIGHT] <= 0:  # nothing was learned yet
                motion[b] = False
            if motion[b]:
                s[AGREES] = 0.0
                s[SHAKEN] = 1.0
                s[ANEW] = i
                restless = (i - s[CALM]) / fs > RESTLESS_S
            else:
                s[CALM] = i
                restless = False
            waited, least = LOST_S, floor[b]
            sure = s[AGREES] >= AGREE and s[PROOF] >= PROVEN
            if sure:
                waited, least = LOST_TRUSTED_S, max(least, LEAST * s[HEIGHT])
            leisure = slowest * moves[b]
            slow[b] = brisk[b] < min(BRISK * s[TURN], leisure)
            since = (i - max(s[AGREED], s[ANEW])) / fs
            if since > LOST_SLOW_S:
                least = floor[b]
            if lately[b] > least and (restless or (since > waited and not motion[b])):
                s[CALM] = i
                turn = _mean(brisk, b)
                alike = s[AGREES] < AGREE and turn * s[HEIGHT] >= ALIKE * s[TURN] * lately[b]
                # What was never proven may have been motion: its shape says nothing.
                alike = alike or s[PROOF] < PROVEN
                alike = alike or _is_brisk(brisk, moves, b, slowest)
                if alike or restless or since > LOST_SLOW_S:
                    s[HEIGHT], s[QUICK], s[TURN] = lately[b], _mean(rough, b), turn
                    rings[:2], rings[2:4], rings[4:] = s[HEIGHT], s[QUICK], s[TURN]
                    s[AGREES] = s[PROOF] = 0.0
                    s[ANEW] = i
            usual[b] = s[HEIGHT]
            shaken[b] = s[SHAKEN] > 0
            trusted[b] = s[AGREES] >= AGREE and s[PROOF] >= PROVEN
        if not valid[i]:
            s[RISING] = 0.0
            s[EXTREME] = 0.0
            s[WHERE] = -1.0
            s[AGREES] = 0.0
            s[ANEW] = i
            continue
        value = float(samples[i])
        if s[WHERE] < 0:
            s[EXTREME] = value
            s[OTHER] = value
            s[WHERE] = i
            continue
        step = s[HEIGHT] * SHARE
        if s[RISING] > 0:
            if value > s[EXTREME]:
                s[EXTREME] = value
                s[WHERE] = i
            elif s[EXTREME] - value > step:
                height = s[EXTREME] - s[OTHER]
                at = int(s[WHERE]) // block
                # Between the troughs that the band leaves at both ends of a pause, its still middle
                # is a top as well: nothing rises or falls there.
                stands = moves[at] < STANDS * step
                if not slow[at] and not stands:
                    found[n] = int(s[WHERE])
                    rises[n] = height
                    n += 1
                    if AGREE_FROM * s[HEIGHT] < height < AGREE_TO * s[HEIGHT]:
                        s[AGREES] += 1.0
                        s[SHAKEN] = 0.0
                        s[PROOF] += 1.0
                        s[AGREED] = s[WHERE]
                    else:
                        if s[PROOF] < PROVEN:
                            s[PROOF] = max(s[PROOF] - 2.0, 0.0)
                        if s[AGREES] < AGREE:
                            s[AGREES] = max(s[AGREES] - 1.0, 0.0)
                    # Motion must not set the size of a breath: it would hide the next ones.
                    if not motion[at] and rough[at] >= 0:
                        most = MOST_GROWTH
                        height = min(height, most * s[HEIGHT])
                        s[HEIGHT] = push(rings[0], rings[1], int(s[COUNT]), height)
                        quick = min(rough[at], most * s[QUICK])
                        s[QUICK] = push(rings[2], rings[3], int(s[COUNT]), quick)
                        turn = min(brisk[at], most * s[TURN])
                        s[TURN] = push(rings[4], rings[5], int(s[COUNT]), turn)
                        s[COUNT] += 1
                s[RISING] = 0.0
                s[EXTREME] = value
                s[WHERE] = i
        elif value < s[EXTREME]:
            s[EXTREME] = value
            s[WHERE] = i
        elif value - s[EXTREME] > step:
            s[RISING] = 1.0
            s[OTHER] = s[EXTREME]
            s[EXTREME] = value
            s[WHERE] = i
    s[POS] = max(upto, int(s[POS]))
    final = int(s[WHERE]) if s[RISING] > 0 else int(s[POS])
    return n, final


@kernel
def _mean(values: NDArray[np.float64], b: int) -> float:
    """Return the mean of the known ones among the last blocks."""
    total, number = 0.0, 0
    for k in range(max(b - LATELY + 1, 0), b + 1):
        if values[k] >= 0:
            total += values[k]
            number += 1
    return total / max(number, 1)


@kernel
def _is_brisk(
    brisk: NDArray[np.float64], moves: NDArray[np.float64], b: int, slowest: float
) -> bool:
    """Return whether most of the last blocks move faster than an adult breathes."""
    number = 0
    for k in range(max(b - LATELY + 1, 0), b + 1):
        if brisk[k] > slowest * moves[k]:
            number += 1
    return number > MOSTLY * LATELY


@kernel
def edges_of(
    samples: NDArray[np.int64],
    valid: NDArray[np.bool_],
    peaks: NDArray[np.int64],
    rises: NDArray[np.float64],
    first: int,
    stop: int,
    shallow: NDArray[np.float64],
    fs: float,
) -> NDArray[np.int64]:
    """Return where inspiration began and expiration ended, shape (stop - first, 2).

    Beside a pause the shallow breaths that lead to it or out of it are taken in.

    Parameters
    ----------
    samples, valid, fs
        As of `decide`.
    peaks, rises : ndarray, shape (m,)
        All breaths as found, and how far they rose.
    first, stop : int
        Those wanted.
    shallow : ndarray of float64, shape (stop - first,)
        How far a shallow breath rises and falls at least.
    """
    edges = np.zeros((stop - first, 2), dtype=np.int64)
    for k in range(first, stop):
        for side in range(2):
            step = 2 * side - 1
            where = _bottom(samples, valid, peaks[k], step, rises[k], fs)
            other = k + step
            alone = other < 0 or other >= len(peaks)
            if alone or abs(peaks[other] - peaks[k]) > PAUSE_S * fs:
                for _ in range(MOST_SHALLOW):
                    further = _next_shallow(samples, valid, where, step, shallow[k - first], fs)
                    if further == where:
                        break
                    where = further
            edges[k - first, side] = where
    return edges


@kernel
def _bottom(
    samples: NDArray[np.int64],
    valid: NDArray[np.bool_],
    peak: int,
    step: int,
    rise: float,
    fs: float,
) -> int:
    """Return where the flank of a peak ends, to the left (`step` -1) or to the right (1)."""
    top = float(samples[peak])
    lowest, where, i = top, peak, peak
    for _ in range(int(EDGE_S * fs)):
        i += step
        if i < 0 or i >= len(samples) or not valid[i]:
            break
        value = float(samples[i])
        if value < lowest:
            lowest, where = value, i
            if value <= top - EDGE * rise:
                break
        elif value - lowest > SHARE * rise:
            break
    return where


@kernel
def _next_shallow(
    samples: NDArray[np.int64],
    valid: NDArray[np.bool_],
    start: int,
    step: int,
    least: float,
    fs: float,
) -> int:
    """Return where the next rise and fall of at least `least` ends; `start` where there is none."""
    low = high = float(samples[start])
    rising = False
    i = start
    for _ in range(int(SHALLOW_S * fs)):
        i += step
        if i < 0 or i >= len(samples) or not valid[i]:
            break
        value = float(samples[i])
        if rising:
            high = max(high, value)
            if high - value > least:
                return i
        else:
            low = min(low, value)
            if value - low > least:
                rising = True
                high = value
    return start
