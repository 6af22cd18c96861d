"""Whether the electrodes still feel a chest: its heart's ripple, and no more noise than before.

A chest that does not breathe still has a beating heart. Where the heart's ripple was seen in the
minutes before and is gone, though the ECG goes on, the leads of the impedance are off. So they are
where noise or hum has come that was not there. What is seen in neither way is told by the ECG
(`breaths.witness`).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from joey.compiled import kernel

__all__ = ["Contact", "feel"]

PART_S = 10.0  # s, over which the heart's share is one mean: parts know nothing of each other
LEAST = 5  # parts from which the usual ripple and noise are known
SURE = 6.0  # the usual ripple's power beside that of what chance leaves of breaths
GONE = 0.3  # of the usual ripple: less is none
GREW = 2.5  # times the lower quarter of the ripple's heights: so much more moves no slow heart
LOUDER = 4.5  # times the usual power of noise
SLOWER = 1.25  # times the usual beat: in a longer one a ripple may keep its seconds, not its place

SQUARES, PARTS, NOISES, HEARD, BLOCKS, PACE = range(6)


class Contact:
    """The heart's share and the noise of one window, block by block.

    Attributes
    ----------
    lost, felt, grown : ndarray of bool, shape (n,)
        Whether the electrodes feel no chest at a block, whether they feel its heart, and whether
        what is locked to the beats is far larger than that heart was.
    """

    def __init__(self, blocks: int, block_s: float, bins: int) -> None:
        every = round(PART_S / block_s)
        self._numbers: NDArray[np.float64] = np.zeros(6)
        self._sums: NDArray[np.int64] = np.zeros(bins, dtype=np.int64)
        self._noises: NDArray[np.float64] = np.zeros(blocks // every + 1)
        self._heights: NDArray[np.float64] = np.zeros(blocks // every + 1)
        self._part: NDArray[np.float64] = np.zeros(every)
        self.lost: NDArray[np.bool_] = np.zeros(blocks, dtype=np.bool_)
        self.felt: NDArray[np.bool_] = np.zeros(blocks, dtype=np.bool_)
        self.grown: NDArray[np.bool_] = np.zeros(blocks, dtype=np.bool_)

    def add(
        self,
        mean: NDArray[np.int64],
        lengths: NDArray[np.float64],
        cycle: NDArray[np.int64],
        seen: NDArray[np.bool_],
        noise: NDArray[np.float64],
        height: NDArray[np.float64],
        whole: NDArray[np.bool_],
    ) -> None:
        """Take the next blocks.

        Parameters
        ----------
        mean : ndarray of int64, shape (m, bins)
            The mean of the beats around a beat, by the place in the beat. [1/16 count]
        lengths : ndarray of float64, shape (m,)
            How long each beat is. [s]
        cycle : ndarray of int64, shape (n,)
            In which beat a block begins.
        seen : ndarray of bool, shape (n,)
            Where there is such a mean.
        noise : ndarray of float64, shape (n,)
            Power of the plain second differences.
        height : ndarray of float64, shape (n,)
            Of the heart's share. [1/16 count]
        whole : ndarray of bool, shape (n,)
            Where the impedance was measured.
        """
        feel(
            mean, lengths, cycle, seen, noise, height, whole,
            self._numbers, self._sums, self._noises, self._heights, self._part,
            self.lost, self.felt, self.grown,
        )  # fmt: skip


@kernel
def feel(  # noqa: PLR0913, PLR0917  (a compiled function has no keywords)
    mean: NDArray[np.int64],
    lengths: NDArray[np.float64],
    cycle: NDArray[np.int64],
    seen: NDArray[np.bool_],
    noise: NDArray[np.float64],
    height: NDArray[np.float64],
    whole: NDArray[np.bool_],
    numbers: NDArray[np.float64],
    sums: NDArray[np.int64],
    noises: NDArray[np.float64],
    heights: NDArray[np.float64],
    part: NDArray[np.float64],
    lost: NDArray[np.bool_],
    felt: NDArray[np.bool_],
    grown: NDArray[np.bool_],
) -> None:
    """Judge the next blocks by the parts before theirs, and learn at each part's end.

    Parameters
    ----------
    mean, lengths, cycle, seen, noise, height, whole
        As of `Contact.add`.
    numbers, sums, noises, heights, part : ndarray
        State: counts; sum of the parts' shares; noise of all parts, their shares' heights, and
        noise of this one's blocks, all sorted.
    lost, felt, grown : ndarray of bool
        Changed in place.
    """
    for i in range(len(seen)):
        share = mean[cycle[i]]
        parts, known = numbers[PARTS], int(numbers[NOISES])
        gone = known >= LEAST and noise[i] > LOUDER * noises[known // 2]
        if parts >= LEAST and seen[i]:
            power = like = 0.0
            for k in range(len(sums)):
                usual = sums[k] / parts
                power += usual * usual
                like += usual * share[k]
            slower = lengths[cycle[i]] / (numbers[PACE] / parts)
            if slower > SLOWER:
                like = max(like, _like(sums, parts, share, slower))
            chance = (numbers[SQUARES] / parts - power) / parts
            known_heart = power > SURE * chance
            felt[int(numbers[BLOCKS])] = known_heart and like >= GONE * power and whole[i]
            grown[int(numbers[BLOCKS])] = height[i] > GREW * heights[int(parts) // 4]
            gone = gone or (known_heart and like < GONE * power)
        lost[int(numbers[BLOCKS])] = gone and whole[i]
        numbers[BLOCKS] += 1
        if whole[i]:
            _insert(part, int(numbers[HEARD]), noise[i])
            numbers[HEARD] += 1
        if int(numbers[BLOCKS]) % len(part) == 0:
            if numbers[HEARD] > 0:
                _insert(noises, known, part[int(numbers[HEARD]) // 2])
                numbers[NOISES] += 1
                numbers[HEARD] = 0
            if seen[i] and whole[i]:
                _insert(heights, int(numbers[PARTS]), height[i])
                numbers[PARTS] += 1
                numbers[PACE] += lengths[cycle[i]]
                for k in range(len(sums)):
                    sums[k] += share[k]
                    numbers[SQUARES] += float(share[k]) * float(share[k])


@kernel
def _like(sums: NDArray[np.int64], parts: float, share: NDArray[np.int64], slower: float) -> float:
    """Return how much of the usual share is in that of a longer beat, second by second."""
    like = 0.0
    for k in range(len(sums)):
        at = max((k + 0.5) / slower - 0.5, 0.0)
        left = int(at)
        right = min(left + 1, len(sums) - 1)
        like += sums[k] / parts * (share[left] + (at - left) * (share[right] - share[left]))
    return like


@kernel
def _insert(values: NDArray[np.float64], count: int, value: float) -> None:
    """Put a value among the first `count`, which are sorted."""
    k = count
    while k > 0 and values[k - 1] > value:
        values[k] = values[k - 1]
        k -= 1
    values[k] = value
