"""Decelerations beat by beat: intervals that stay above their running median.

Kommers 2017 names the share and the spread of decelerating intervals, without a definition that
could be repeated: this one is Joey's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from joey.features.variability import Ranks

__all__ = ["Decelerations", "decelerations_of"]

AROUND_S = 30.0  # s on either side: the running median is that of a minute
RUN = 2  # intervals in a row: a lone long interval is a late beat, or a badly timed one


@dataclass(frozen=True, slots=True, eq=False)
class Decelerations:
    """Decelerating intervals of many windows: arrays of shape (w,).

    Parameters
    ----------
    share : ndarray of float64
        Share of the accepted intervals that decelerate; NaN of none. [%]
    spread : ndarray of float64
        Standard deviation (n - 1) of how far they lie above the median; NaN of fewer than two. [ms]
    """

    share: NDArray[np.float64]
    spread: NDArray[np.float64]


def decelerations_of(starts: NDArray[np.float64], ranked: Ranks) -> Decelerations:
    """Return how much of many windows decelerates, and how unevenly (Joey's definition).

    An interval decelerates where it and a neighbor both lie above the median of the intervals that
    start within 30 s of them on either side, inside the window; no run crosses a break.

    Parameters
    ----------
    starts : ndarray of float64, shape (w, wide)
        Start of each interval, NaN at breaks and behind the end. [s]
    ranked : Ranks
        The intervals.

    References
    ----------
    .. [1] D. Kommers et al., "Features of heart rate variability capture regulatory changes during
       kangaroo care in preterm infants", J. Pediatr., vol. 182, pp. 92-98, 2017.
    """
    from joey.features import window_kernels  # noqa: PLC0415 - numba is slow to import

    sums = np.empty((2, len(starts)))
    window_kernels.decelerations(starts, ranked.ranks, ranked.values, AROUND_S, RUN, sums)
    count, squares = sums
    return Decelerations(
        100.0 * count / np.where(ranked.n > 0, ranked.n, np.nan),
        np.sqrt(squares / np.where(count > 1, count - 1, np.nan)) * ranked.tick_ms,
    )
