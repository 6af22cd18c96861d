"""How still the chest is in a pause, and whether that is enough to call it one.

No breath counted is not yet no breathing: breaths may have become shallow, the holder may breathe,
the infant may move, or the electrodes may feel less than before. Here each quarter of a second is
asked how far the impedance moves around it, beside the usual breath and beside what is left where
nobody breathes: white noise and the rest of the heart's ripple. A pause in which it moves too far
for rest and not far enough for breath is not searched.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from joey.breaths.restless import PACES, hurried, leisurely, restless
from joey.workspaces import lay_out

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from joey.breaths.contact import Contact

__all__ = ["BLOCK_S", "LEARN_S", "Found", "Stillness"]

BLOCK_S = 0.25  # s, what is judged at a time
AROUND = 4  # blocks to either side in which movement is measured: 2 s, a slow breath
LEARN_S = 45.0  # s, from which the first usual breath is learned: a bout of motion is shorter
LATELY_S = 8.0  # s, whose movement is the present size of breaths
LOW = 0.3  # quantile of it that is taken: there may be motion among the breaths
NOISE = 4.5  # SD of filtered white noise between its highest and lowest in 2 s
RIPPLE = 0.15  # of the heart's share: what its removal may leave
MARGIN = 1.5  # times what is left where nobody breathes: more is movement
# Of the usual breath, if it is trusted: less is rest. Least where it moves at an infant's pace,
# more where it is as quick as what the heart leaves or as slow as an adult's breathing.
REST, REST_QUICK, REST_SLOW = 0.12, 0.18, 0.35
SLOW_HZ, QUICK_HZ = 0.65, 1.2  # of a sine of this briskness
LOCKED = 0.6  # of the usual breath: so high what is locked to the beats may be breaths
DROWNED = 0.5  # of the usual breath: with more noise and ripple breaths cannot be told
AFTER_S, BEFORE_S = 2.2, 1.8  # s from a peak on, to the next: movement there is that of breaths
NEAR_S = 3.0  # s to either side: half of a pause this near must be still
SEEN_S, MOSTLY = 8.0, 0.9  # s after a breath, and how much of it is still: a pause that is seen
EDGE_S = 0.3  # s around the breaths it lies between that are seen with it
AHEAD_S = 10.0  # s, what is told rests on breaths up to so much later: the shallow ones at its edge
FRESH = 64  # blocks past the last that are unknown, not zero: more than any look goes beyond it

# Columns of a block: extremes, powers of differences, the heart's share; what `decide` is given,
# `Stillness.blocks`; and what is remembered before it.
OWN, SEEN, KEPT, N_COLUMNS = slice(0, 5), slice(5, 11), slice(11, 13), 13
UNKNOWN = np.array([np.nan] * 2 + [0.0] * 3 + [np.nan] * 5 + [0.0])  # the first two, at first


class Found(NamedTuple):
    """All breaths that were found in one window, each of shape (m,).

    Parameters
    ----------
    peaks, rises : ndarray
        Their samples, and how far they rose.
    bare : ndarray of bool
        Whether the heart's share is still in them.
    shapes, moves : ndarray of float64
        Briskness for its height at each, and how far it moves there, in what is remembered; NaN
        where unknown.
    """

    peaks: NDArray[np.int64]
    rises: NDArray[np.float64]
    bare: NDArray[np.bool_]
    shapes: NDArray[np.float64]
    moves: NDArray[np.float64]


class Stillness:
    """The movement of one window, block by block.

    Attributes
    ----------
    block : int
        Samples in a block.
    ahead : int
        Samples past one that are needed to judge it.
    moves, floor, lately, rough, brisk : ndarray of float64
        How far it moves around a block, what is left where nobody breathes, the median of `moves`
        over the last `LATELY_S`, and the RMS of its fourth and second differences; NaN where
        unknown. [1/16 count x boxes]
    breath, slow, trusted, motion, shaken : ndarray
        The usual breath as the decision knew it at a block, whether movement was too slow for it,
        whether it trusted it, whether it saw motion, and no breath of the usual size since.
    blocks, marks : ndarray, shape (6, blocks) and (4, blocks)
        The rows of the numbers and of the truths among these, in this order.
    """

    def __init__(self, samples: int, fs: float, boxes: tuple[int, int, int]) -> None:
        from joey.breaths import likeness  # noqa: PLC0415  loads Numba

        self._smooth, self._drift, self._lag = boxes
        self.slowest, self.quickest = (
            _briskness(hertz / fs, self._smooth, self._drift, self._lag)
            for hertz in (SLOW_HZ, QUICK_HZ)
        )
        self._sines = np.array(
            [_briskness(pace / fs, self._smooth, self._drift, self._lag) for pace in PACES.tolist()]
        )
        self.block = max(round(BLOCK_S * fs), 1)
        n = samples // self.block + 1
        self._fs = fs
        self._blocks = 0  # with known extremes
        self._moving = 0  # with known movement
        # Block by block, so that what lies behind goes back to the system, and in one array: small
        # ones stay in holes.
        self._space, (flat,) = lay_out((np.float64, (n + 1) * N_COLUMNS))
        self._rows: NDArray[np.float64] = flat.reshape(n + 1, N_COLUMNS)
        self._high, self._low, self._second, self._fourth, self._heart = self._rows[:n, OWN].T
        self.blocks: NDArray[np.float64] = self._rows[:n, SEEN].T
        self.moves, self.floor, self.lately, self.rough, self.brisk, self.breath = self.blocks
        self._memory: NDArray[np.float64] = self._rows[:, KEPT].T  # before a block
        self._begun = 0  # rows that are `UNKNOWN` or known
        self._begin(0)
        self.marks: NDArray[np.bool_] = np.zeros((4, n), dtype=np.bool_)
        self.slow, self.trusted, self.motion, self.shaken = self.marks
        self.ahead = max(round(AHEAD_S * fs), (likeness.REACH + 1) * self.block)

    @property
    def known(self) -> int:
        """Sample before which movement is known."""
        return self._moving * self.block

    def usual(self, stop: int) -> tuple[float, float, float]:
        """Return a low quantile of movement, roughness and briskness of the first that move."""
        stop = min(stop, self._moving)
        some = np.isfinite(self.moves[:stop])
        with np.errstate(invalid="ignore"):
            moving = self.moves[:stop] > self.floor[:stop]
        if moving.any():  # a pause says nothing of breaths
            some = moving
        if not some.any():
            return 0.0, 0.0, 0.0
        n = len(some)
        height, rough, brisk = (
            float(np.quantile(each[:n][some], LOW)) for each in (self.moves, self.rough, self.brisk)
        )
        return height, rough, brisk

    def look_at(
        self, peaks: NDArray[np.int64], rises: NDArray[np.float64], bare: NDArray[np.bool_]
    ) -> Found:
        """Return breaths that were found just now with what is seen there."""
        at = peaks // self.block
        with np.errstate(invalid="ignore", divide="ignore"):
            shapes = self.brisk[at] / self.moves[at]
            moves = self.moves[at] / self._memory[0, at]
        return Found(peaks, rises, bare, shapes, moves)

    def shallow(self, peaks: NDArray[np.int64], share: float) -> NDArray[np.float64]:
        """Return how far a shallow breath beside each of the breaths moves at least."""
        at = np.minimum(peaks // self.block, len(self.floor) - 1)
        return np.asarray(np.fmax(self.floor[at], share * self.breath[at]), dtype=np.float64)

    def add(
        self,
        band: NDArray[np.int64],
        whole: NDArray[np.bool_],
        samples: NDArray[np.int64],
        heart: NDArray[np.int64],
        smooth: NDArray[np.int64],
        first: int,
        stop: int,
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Take the next samples, whole blocks but for the window's last.

        Parameters
        ----------
        band, whole : ndarray, shape (n,)
            Band-passed impedance and where it can be judged. [1/16 count x boxes]
        samples, heart, smooth : ndarray, shape (n,)
            Impedance, the height of the heart's share taken from it, and impedance smoothed once.
            [1/16 count; 1/16 count; 1/16 count x box]
        first, stop : int
            Which of them are new; those around them are for differences.

        Returns
        -------
        noise, height : ndarray of float64, shape (blocks,)
            Power of the plain second differences, and the height of the heart's share.
        """
        from joey.breaths import beatwise  # noqa: PLC0415  loads Numba

        count = (stop - first) // self.block
        out = np.empty((6, count))
        beatwise.summarize(band, whole, samples, heart, smooth, first, self._lag, self.block, out)
        mine = slice(self._blocks, self._blocks + count)
        self._blocks += count
        self._begin(self._blocks)
        self._high[mine], self._low[mine] = out[0], out[1]
        # Plain second differences hold white noise and next to nothing of breaths.
        noise = NOISE * np.sqrt(out[2] / 6) * np.sqrt(2 / (3 * self._smooth))
        unit = float(self._smooth**2 * self._drift)
        self.floor[mine] = MARGIN * unit * (noise + RIPPLE * out[3])
        self._heart[mine] = unit * out[3]
        same = float(self._smooth * self._drift) ** 2  # to the unit of `moves`
        self._second[mine], self._fourth[mine] = same * out[4], same * out[5]
        self._move(self._blocks - AROUND)
        return out[2], out[3]

    def close(self) -> None:
        """Say that no more samples come."""
        self._move(self._blocks)

    def forget(self, before: int) -> None:
        """Give back the memory of the blocks before a sample: nobody looks at them again."""
        self._space.forget(self._rows, before // self.block)

    def _begin(self, known: int) -> None:
        """Have the blocks past so many unknown as far as anybody looks."""
        first, stop = self._begun, min(known + FRESH, len(self._rows))
        # But for what is remembered before the first of them, which is known already.
        self._rows[first:stop, : len(UNKNOWN)] = UNKNOWN
        self._begun = stop

    def _move(self, upto: int) -> None:
        from joey.breaths import likeness  # noqa: PLC0415  loads Numba

        first, stop = self._moving, max(upto, self._moving)
        if stop == first:
            return
        edge = min(stop + AROUND, self._blocks)
        wide = 2 * AROUND + 1

        def around(values: NDArray[np.float64]) -> NDArray[np.float64]:
            some = values[max(first - AROUND, 0) : edge]
            before, after = max(AROUND - first, 0), stop + AROUND - edge
            some = np.pad(some, (before, after), mode="edge")
            return np.lib.stride_tricks.sliding_window_view(some, wide)

        self.moves[first:stop] = around(self._high).max(axis=1) - around(self._low).min(axis=1)
        self.rough[first:stop] = np.sqrt(around(self._fourth).mean(axis=1))
        self.brisk[first:stop] = np.sqrt(around(self._second).mean(axis=1))
        likeness.remember(self.moves, self.brisk, first, stop, self._memory)
        self._moving = stop
        last = round(LATELY_S / BLOCK_S)
        some = self.moves[max(first - last + 1, 0) : stop]
        some = np.pad(some, (max(last - 1 - first, 0), 0), constant_values=np.nan)
        rows = np.sort(np.lib.stride_tricks.sliding_window_view(some, last), axis=1)
        number = np.isfinite(rows).sum(axis=1)  # NaN comes last
        low = rows[np.arange(len(rows)), (LOW * number).astype(np.int64)]
        self.lately[first:stop] = np.where(number >= last // 2, low, np.nan)

    def unsure(
        self,
        band: NDArray[np.int64],
        valid: NDArray[np.bool_],
        found: Found,
        contact: Contact,
        lo: int,
        hi: int,
    ) -> NDArray[np.bool_]:
        """Return which samples from `lo` to `hi` can be called neither breath nor pause.

        Parameters
        ----------
        band, valid : ndarray
            Band-passed impedance of the window, and where it can be judged.
        found : Found
            The breaths.
        contact : Contact
            Whether the electrodes feel a chest.
        lo, hi : int
            Which samples.
        """
        from joey.breaths import likeness  # noqa: PLC0415  loads Numba

        near = round(NEAR_S / BLOCK_S)
        first, stop = (
            max(lo // self.block - near, 0),
            min(-(-hi // self.block) + near, self._moving),
        )
        if stop <= first or hi <= lo:
            return np.zeros(hi - lo, dtype=np.bool_)
        peaks = found.peaks
        middle = (np.arange(first, stop) + 0.5) * self.block
        nth = np.searchsorted(peaks, middle)
        before = np.concatenate(([-np.inf], peaks))[nth]
        after = np.concatenate((peaks, [np.inf]))[nth]
        inner = (middle - before > AFTER_S * self._fs) & (after - middle > BEFORE_S * self._fs)
        mine = slice(first, stop)
        floor, breath, rest = self.floor[mine], self.breath[mine], self._rest(mine)
        with np.errstate(invalid="ignore"):
            moving = self.moves[mine] >= rest
            # A line that stood still after a leap may be that of electrodes without a chest.
            moving |= contact.lost[mine] | (self.shaken[mine] & ~contact.felt[mine])
            # Breaths that come one a beat, as a ventilator's may, go with the heart's share.
            moving |= contact.grown[mine] & (self._heart[mine] > LOCKED * breath)
            moving |= likeness.faded(
                band, valid, peaks, self.floor, self.breath, inner, first, self.block, self._fs
            )
            moving &= inner
            # A quarter of a second says little of noise: most around it must agree.
            unsure = 2 * _around(floor > DROWNED * breath, near) > _around(floor > 0, near)
        unsure |= self.motion[mine]
        unsure |= inner & (2 * _around(moving, near) >= _around(inner, near))
        blocks = np.arange(lo, hi) // self.block - first
        out = np.asarray(unsure[np.minimum(blocks, len(unsure) - 1)], dtype=np.bool_)
        return out | self._veiled(found, lo, hi)

    def _veiled(self, found: Found, lo: int, hi: int) -> NDArray[np.bool_]:
        """Return which samples hold something else than breathing, under which a pause may lie."""
        from joey.breaths import likeness  # noqa: PLC0415  loads Numba

        peaks, rises, heart_in, shapes, moves = found
        first, stop = lo // self.block, min(-(-hi // self.block), self._moving)
        wide = slice(max(first - likeness.REACH, 0), min(stop + likeness.REACH, self._moving))
        other = likeness.unlike(
            self.moves[wide],
            self.brisk[wide],
            self._rest(wide),
            self._memory[:, wide],
            peaks / self.block - wide.start,
        )
        out: NDArray[np.bool_] = other[
            np.minimum(np.arange(lo, hi) // self.block - wide.start, len(other) - 1)
        ]
        heard = round(LEARN_S * self._fs)
        doubted = (
            restless(peaks, rises, shapes, self._sines, self._fs, heard, lo, hi),
            leisurely(peaks, moves, self._fs, heard, lo, hi),
            hurried(peaks, heart_in, self._fs, lo, hi),
        )
        for start, end in np.concatenate(doubted).tolist():
            out[max(start - lo, 0) : max(min(end, hi) - lo, 0)] = True
        # A pause that is seen is seen, whatever is beside it, and so are the breaths at its ends.
        edge = round(EDGE_S * self._fs)
        i, j = np.searchsorted(peaks, (lo, hi))
        for k in range(max(int(i) - 1, 0), min(int(j) + 1, len(peaks))):
            start = int(peaks[k])
            end = int(peaks[k + 1]) if k + 1 < len(peaks) else hi + 2 * edge
            if (k + 1 < len(peaks) and end - start < SEEN_S * self._fs) or start > hi + edge:
                continue
            begin = int(start + AFTER_S * self._fs) // self.block
            some = slice(begin, int(start + SEEN_S * self._fs - edge) // self.block)
            still = self.moves[some] < self._rest(some)
            if len(still) and still.mean() > MOSTLY:
                out[max(start - edge - lo, 0) : max(min(end + edge, hi) - lo, 0)] = False
        return out

    def _rest(self, mine: slice) -> NDArray[np.float64]:
        """Return how far the chest may move at most in a pause."""
        with np.errstate(invalid="ignore"):
            quick = self.brisk[mine] >= self.quickest * self.moves[mine]
        share = np.where(self.slow[mine], REST_SLOW, np.where(quick, REST_QUICK, REST))
        usual = np.where(self.trusted[mine], share * self.breath[mine], 0.0)
        return np.asarray(np.maximum(self.floor[mine], usual), dtype=np.float64)


def _around(flags: NDArray[np.bool_], near: int) -> NDArray[np.int64]:
    """Return how many are set within `near` to either side."""
    sums: NDArray[np.int64] = np.cumsum(np.pad(flags, (near + 1, near)), dtype=np.int64)
    return sums[2 * near + 1 :] - sums[: -2 * near - 1]


@cache
def _briskness(cycles: float, smooth: int, drift: int, lag: int) -> float:
    """Return the RMS of second differences over the height of a sine [cycles/sample]."""
    second = 4 * np.sin(np.pi * cycles * lag) ** 2 / (2 * np.sqrt(2))
    band = np.sinc(cycles * smooth) * (1 - np.sinc(cycles * drift))
    return float(second / band)
