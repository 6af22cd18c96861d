"""Whether the electrodes still feel a chest: its heart's ripple, and no more noise than before.

A chest that does not breathe still has a beating heart. Where the heart's ripple was seen in the
minutes before and is gone, though the ECG goes on, the leads of the impedance are off. So they are
where noise or hum has come that was not there. What is seen in neither way is told by the ECG
(`breaths.witness`).
"""

from __future__ import annotations

import bisect
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Contact"]

PART_S = 10.0  # s, over which the heart's share is one mean: parts know nothing of each other
LEAST = 5  # parts from which the usual ripple and noise are known
SURE = 6.0  # the usual ripple's power beside that of what chance leaves of breaths
GONE = 0.3  # of the usual ripple: less is none
LOUDER = 4.5  # times the usual power of noise


class Contact:
    """The heart's share and the noise of one window, block by block.

    Attributes
    ----------
    lost : ndarray of bool, shape (n,)
        Whether the electrodes feel no chest at a block.
    """

    def __init__(self, blocks: int, block_s: float, bins: int) -> None:
        self._every = round(PART_S / block_s)
        self._sums: NDArray[np.int64] = np.zeros(bins, dtype=np.int64)
        self._squares = 0.0
        self._parts = 0
        self._noises: list[float] = []
        self._part: list[float] = []
        self._blocks = 0
        self.lost: NDArray[np.bool_] = np.zeros(blocks, dtype=np.bool_)

    def add(
        self,
        shares: NDArray[np.int64],
        seen: NDArray[np.bool_],
        noise: NDArray[np.float64],
        whole: NDArray[np.bool_],
    ) -> None:
        """Take the next blocks.

        Parameters
        ----------
        shares : ndarray of int64, shape (n, bins)
            The mean of the beats around a block, by the place in the beat. [1/16 count]
        seen : ndarray of bool, shape (n,)
            Where there is such a mean.
        noise : ndarray of float64, shape (n,)
            Power of the plain second differences.
        whole : ndarray of bool, shape (n,)
            Where the impedance was measured.
        """
        start = 0
        while start < len(seen):
            # The usual changes where a part ends, wherever a chunk does.
            stop = min(start + self._every - self._blocks % self._every, len(seen))
            mine = slice(start, stop)
            self._judge(shares[mine], seen[mine], noise[mine], whole[mine])
            self._part += noise[mine][whole[mine]].tolist()
            self._blocks += stop - start
            if self._blocks % self._every == 0:
                self._learn(shares[stop - 1], bool(seen[stop - 1] and whole[stop - 1]))
            start = stop

    def _judge(
        self,
        shares: NDArray[np.int64],
        seen: NDArray[np.bool_],
        noise: NDArray[np.float64],
        whole: NDArray[np.bool_],
    ) -> None:
        lost = np.zeros(len(seen), dtype=np.bool_)
        if len(self._noises) >= LEAST:
            lost |= noise > LOUDER * self._noises[len(self._noises) // 2]
        if self._parts >= LEAST:
            usual = self._sums / self._parts
            power = float(usual @ usual)
            chance = (self._squares / self._parts - power) / self._parts
            if power > SURE * chance:
                lost |= seen & (shares @ usual < GONE * power)
        self.lost[self._blocks : self._blocks + len(seen)] = lost & whole

    def _learn(self, share: NDArray[np.int64], known: bool) -> None:  # noqa: FBT001
        if self._part:
            bisect.insort(self._noises, sorted(self._part)[len(self._part) // 2])
            self._part = []
        if known:
            self._sums += share
            self._squares += float(share @ share)
            self._parts += 1
