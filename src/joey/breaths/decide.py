"""Peaks and valleys of breathing: one loop over samples, with all its state in arrays.

A breath is a rise and a fall that each exceed a share of the usual breath, the median of the last
fifteen. The usual breath is known from before a pause, and a pause is only as sure as that
knowledge: after motion, a gap or a lead put on anew it is not trusted until a few breaths agree
with it, and it is learned anew when what moves the chest has another size for a while.
"""

from __future__ import annotations

from typing import NamedTuple

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


class Blocks(NamedTuple):
    """What is measured of blocks of samples; NaN where it is not known.

    How far the impedance moves around a block, how far it moves when nobody breathes, how far it
    moved in the last seconds, and the RMS of its fourth and second differences.
    """

    moves: NDArray[np.float64]
    floor: NDArray[np.float64]
    lately: NDArray[np.float64]
    rough: NDArray[np.float64]
    brisk: NDArray[np.float64]


class Notes(NamedTuple):
    """What is noted of blocks of samples.

    The usual breath as it was known, whether movement was too slow for it, whether it was trusted,
    whether there was motion, and whether no breath of the usual size came since.
    """

    usual: NDArray[np.float64]
    slow: NDArray[np.bool_]
    trusted: NDArray[np.bool_]
    motion: NDArray[np.bool_]
    shaken: NDArray[np.bool_]


@kernel(counted=False)
def decide(  # noqa: PLR0913, PLR0917  (a compiled function has no keywords)
    samples: NDArray[np.int64],
    valid: NDArray[np.bool_],
    blocks: NDArray[np.float64],
    marks: NDArray[np.bool_],
    block: int,
    slowest: float,
    upto: int,
    fs: float,
    s: NDArray[np.float64],
    rings: NDArray[np.float64],
    found: NDArray[np.int64],
    rises: NDArray[np.float64],
) -> tuple[int, int]:
    """Go on to sample `upto`; return how many breaths were found and before where all are final.

    Parameters
    ----------
    samples, valid : ndarray, shape (n,)
        Band-passed impedance and where it can be judged.
    blocks : ndarray of float64, shape (6, n // block + 1)
        For each block of samples what `Blocks` says, then what is changed in place: the usual
        breath.
    marks : ndarray of bool, shape (4, n // block + 1)
        Changed in place: the other `Notes` of each block.
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
    """
    seen = Blocks(blocks[0], blocks[1], blocks[2], blocks[3], blocks[4])
    notes = Notes(blocks[5], marks[0], marks[1], marks[2], marks[3])
    n = 0
    for i in range(int(s[POS]), upto):
        if i % block == 0:
            _look_around(i, i // block, fs, slowest, seen, notes, s, rings)
        if not valid[i]:
            _lose(i, s)
            continue
        value = float(samples[i])
        if not _has_fallen(i, value, s):
            continue
        at = int(s[WHERE]) // block
        if _is_breath(at, seen, notes, s):
            found[n] = int(s[WHERE])
            rises[n] = s[EXTREME] - s[OTHER]
            _weigh(rises[n], s)
            # Motion must not set the size of a breath: it would hide the next ones.
            if not notes.motion[at] and seen.rough[at] >= 0:
                _get_used(rises[n], seen.rough[at], seen.brisk[at], s, rings)
            n += 1
        _turn(i, value, 0.0, s)
    s[POS] = max(upto, int(s[POS]))
    final = int(s[WHERE]) if s[RISING] > 0 else int(s[POS])
    return n, final


@kernel(counted=False)
def _look_around(
    i: int,
    b: int,
    fs: float,
    slowest: float,
    seen: Blocks,
    notes: Notes,
    s: NDArray[np.float64],
    rings: NDArray[np.float64],
) -> None:
    """Note what moves the chest as a block begins, and learn anew what has become usual."""
    motion = _is_motion(b, seen, s)
    restless = motion and (i - s[CALM]) / fs > RESTLESS_S
    if motion:
        s[AGREES] = 0.0
        s[SHAKEN] = 1.0
        s[ANEW] = i
    else:
        s[CALM] = i
    notes.motion[b] = motion
    notes.slow[b] = seen.brisk[b] < min(BRISK * s[TURN], slowest * seen.moves[b])
    since = (i - max(s[AGREED], s[ANEW])) / fs
    if _is_unusual(b, since, motion, restless, seen, s):
        s[CALM] = i
        if restless or since > LOST_SLOW_S or _may_be_breaths(b, slowest, seen, s):
            _learn_anew(i, b, seen, s, rings)
    notes.usual[b] = s[HEIGHT]
    notes.shaken[b] = s[SHAKEN] > 0
    notes.trusted[b] = _is_trusted(s)


@kernel(counted=False)
def _is_motion(b: int, seen: Blocks, s: NDArray[np.float64]) -> bool:
    """Whether it moves more than any breath does, or more roughly; unknown until one is known."""
    if s[HEIGHT] <= 0:
        return False
    return bool(seen.moves[b] > VIOLENT * s[HEIGHT] or seen.rough[b] > ROUGH * s[QUICK])


@kernel(counted=False)
def _is_trusted(s: NDArray[np.float64]) -> bool:
    """Whether enough breaths agree with the usual one: lately, and since it was learned."""
    return bool(s[AGREES] >= AGREE and s[PROOF] >= PROVEN)


@kernel(counted=False)
def _is_unusual(
    b: int,
    since: float,
    motion: bool,  # noqa: FBT001
    restless: bool,  # noqa: FBT001
    seen: Blocks,
    s: NDArray[np.float64],
) -> bool:
    """Whether the chest has moved for long, and no breath was of the usual size."""
    waited, least = LOST_S, seen.floor[b]
    if _is_trusted(s):  # a pause may last, and what moves little in it is no breathing
        waited, least = LOST_TRUSTED_S, max(least, LEAST * s[HEIGHT])
    if since > LOST_SLOW_S:
        least = seen.floor[b]
    return bool(seen.lately[b] > least and (restless or (since > waited and not motion)))


@kernel(counted=False)
def _may_be_breaths(b: int, slowest: float, seen: Blocks, s: NDArray[np.float64]) -> bool:
    """Whether what moves the chest is as brisk as breaths of an infant: no drift, no adult's."""
    if s[PROOF] < PROVEN:  # what is usual may have been motion: its shape says nothing
        return True
    alike = _mean(seen.brisk, b) * s[HEIGHT] >= ALIKE * s[TURN] * seen.lately[b]
    return bool((s[AGREES] < AGREE and alike) or _is_brisk(seen.brisk, seen.moves, b, slowest))


@kernel(counted=False)
def _learn_anew(
    i: int, b: int, seen: Blocks, s: NDArray[np.float64], rings: NDArray[np.float64]
) -> None:
    """Take what moves the chest now for the usual breath, until breaths agree not yet trusted."""
    s[HEIGHT] = seen.lately[b]
    s[QUICK] = _mean(seen.rough, b)
    s[TURN] = _mean(seen.brisk, b)
    rings[:2], rings[2:4], rings[4:] = s[HEIGHT], s[QUICK], s[TURN]
    s[AGREES] = s[PROOF] = 0.0
    s[ANEW] = i


@kernel(counted=False)
def _lose(i: int, s: NDArray[np.float64]) -> None:
    """Forget rise and fall where nothing can be judged, and trust the usual breath no more."""
    s[RISING] = 0.0
    s[EXTREME] = 0.0
    s[WHERE] = -1.0
    s[AGREES] = 0.0
    s[ANEW] = i


@kernel(counted=False)
def _has_fallen(i: int, value: float, s: NDArray[np.float64]) -> bool:
    """Follow rise and fall; return whether a top lies behind by as much as a breath falls."""
    if s[WHERE] < 0:
        s[OTHER] = value
        _turn(i, value, 0.0, s)
        return False
    step = s[HEIGHT] * SHARE
    if s[RISING] > 0:
        if value > s[EXTREME]:
            s[EXTREME] = value
            s[WHERE] = i
            return False
        return bool(s[EXTREME] - value > step)
    if value < s[EXTREME]:
        s[EXTREME] = value
        s[WHERE] = i
    elif value - s[EXTREME] > step:
        s[OTHER] = s[EXTREME]
        _turn(i, value, 1.0, s)
    return False


@kernel(counted=False)
def _turn(i: int, value: float, rising: float, s: NDArray[np.float64]) -> None:
    """Begin to rise, or to fall."""
    s[RISING] = rising
    s[EXTREME] = value
    s[WHERE] = i


@kernel(counted=False)
def _is_breath(at: int, seen: Blocks, notes: Notes, s: NDArray[np.float64]) -> bool:
    """Whether the chest moves around a top, and not as slowly as an adult's.

    Between the troughs that the band leaves at both ends of a pause, its still middle is a top as
    well: nothing rises or falls there.
    """
    stands = seen.moves[at] < STANDS * (s[HEIGHT] * SHARE)
    return not notes.slow[at] and not stands


@kernel(counted=False)
def _weigh(height: float, s: NDArray[np.float64]) -> None:
    """Count a breath for the usual one, or against it."""
    if AGREE_FROM * s[HEIGHT] < height < AGREE_TO * s[HEIGHT]:
        s[AGREES] += 1.0
        s[SHAKEN] = 0.0
        s[PROOF] += 1.0
        s[AGREED] = s[WHERE]
        return
    # What is proven, and what is trusted, stays so: a sigh says nothing against either.
    if s[PROOF] < PROVEN:
        s[PROOF] = max(s[PROOF] - 2.0, 0.0)
    if s[AGREES] < AGREE:
        s[AGREES] = max(s[AGREES] - 1.0, 0.0)


@kernel(counted=False)
def _get_used(
    height: float, rough: float, brisk: float, s: NDArray[np.float64], rings: NDArray[np.float64]
) -> None:
    """Let a breath have its part in the usual one; a large one counts for no more than it may."""
    count = int(s[COUNT])
    s[HEIGHT] = push(rings[0], rings[1], count, min(height, MOST_GROWTH * s[HEIGHT]))
    s[QUICK] = push(rings[2], rings[3], count, min(rough, MOST_GROWTH * s[QUICK]))
    s[TURN] = push(rings[4], rings[5], count, min(brisk, MOST_GROWTH * s[TURN]))
    s[COUNT] += 1


@kernel(counted=False)
def _mean(values: NDArray[np.float64], b: int) -> float:
    """Return the mean of the known ones among the last blocks."""
    total, number = 0.0, 0
    for k in range(max(b - LATELY + 1, 0), b + 1):
        if values[k] >= 0:
            total += values[k]
            number += 1
    return total / max(number, 1)


@kernel(counted=False)
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
