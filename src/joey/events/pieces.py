"""Pieces: values that stand for a while, and when two times are the same.

Nothing here knows a threshold.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from joey.signals import Series

__all__ = ["NO_PIECES", "SLACK_S", "Pieces"]

SLACK_S = 1e-5  # s; times this close are the same: sums of float64 seconds UTC err by about 1e-6


@dataclass(frozen=True, slots=True, eq=False)
class Pieces:
    """Values that stand from `times` to before `ends`; NaN is missing and ends the one before."""

    times: NDArray[np.float64]
    ends: NDArray[np.float64]
    values: NDArray[np.float64]

    @classmethod
    def of(cls, series: Series) -> Pieces:
        """Return a series' pieces."""
        return cls(series.times, series.ends, series.values)

    def __len__(self) -> int:
        """Return the number of pieces."""
        return len(self.times)

    def part(self, lo: int, hi: int) -> Pieces:
        """Return the pieces from `lo` to before `hi`."""
        return Pieces(self.times[lo:hi], self.ends[lo:hi], self.values[lo:hi])

    def then(self, after: Pieces) -> Pieces:
        """Return these pieces followed by later ones; nobody stands past the next one's start."""
        times = np.concatenate((self.times, after.times))
        ends = np.concatenate((self.ends, after.ends))
        values = np.concatenate((self.values, after.values))
        if np.any(times[1:] <= times[:-1]):
            msg = "pieces come in time order"
            raise ValueError(msg)
        # Ends within the slack of the next start are that start: rounding opens no gap.
        touch = times[1:] - ends[:-1] < SLACK_S
        ends[:-1] = np.where(touch, times[1:], ends[:-1])
        return Pieces(times, ends, values)


NO_PIECES = Pieces(np.empty(0), np.empty(0), np.empty(0))
