"""How periodic breathing is, as a number from 0 to 1: the index beside the classical rule.

Breathing is on or off, each quarter of a second; the index is the largest share of its variance
that one sine with a period of 8 to 25 s explains within a minute. The idea of an index from short
waves is from M. A. Mohr et al., Physiol. Meas. 36:1415-1427, 2015; the recipe here is Joey's own,
and so is its limit: neither compares with theirs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from joey.spans import Spans, contains

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from joey.breaths import Breaths

__all__ = ["Periodicity", "measure_periodicity"]

WINDOW_S, STEP_S = 60, 10  # s, anchored at multiples of the step in UTC
GRID_HZ = 4
PAUSE_S = 2.0  # s between breaths from which breathing is off
PERIODS_S = np.arange(8.0, 25.5, 0.5)  # s, cycles looked for (science: 8 to 25 s)
LEAST_SHARE = 0.8  # of a window that must be searched
LIMIT = 0.5  # index from which a window is periodic: Joey default


@dataclass(frozen=True, slots=True, eq=False)
class Periodicity:
    """The index, window by window.

    Parameters
    ----------
    times : ndarray of float64, shape (n,)
        Middle of each window. [s]
    index : ndarray of float64, shape (n,)
        0 for steady breathing to 1 for a perfect cycle; NaN where too little was searched. [1]
    period : ndarray of float64, shape (n,)
        Length of the cycle; NaN where the index is 0 or NaN. [s]
    """

    times: NDArray[np.float64]
    index: NDArray[np.float64]
    period: NDArray[np.float64]

    @property
    def share(self) -> float:
        """Share of the analyzable windows that are periodic; NaN where there are none. [1]"""
        known = np.isfinite(self.index)
        return float(np.mean(self.index[known] >= LIMIT)) if known.any() else float("nan")


def measure_periodicity(breaths: Breaths) -> Periodicity:
    """Return how periodic breathing is in windows of 60 s, a window every 10 s.

    Parameters
    ----------
    breaths : Breaths
        With their edges; windows of which less than 80 % was searched are NaN.

    Returns
    -------
    Periodicity
        Index, 0 to 1, and period. [1; s]

    Examples
    --------
    >>> from joey.breaths import detect_breaths
    >>> from joey.simulate import simulate_breaths, simulate_impedance
    >>> from joey.beats import Beats
    >>> from joey.signals import Channel
    >>> from joey.spans import EMPTY, Spans
    >>> stops = Spans.of([(at, at + 6.0) for at in range(30, 290, 15)])
    >>> resp = simulate_impedance(simulate_breaths(300, 60, stops=stops), seconds=300)
    >>> nobody = Beats(Channel("ecg"), np.empty(0), np.empty(0, dtype=np.uint8), EMPTY)
    >>> found = measure_periodicity(detect_breaths(resp, nobody))
    >>> float(np.nanmedian(found.period))
    15.0
    """
    bounds = breaths.searched.bounds
    if len(bounds) == 0:
        nothing = np.empty(0)
        return Periodicity(nothing, nothing, nothing)
    first = int(bounds[0, 0] // STEP_S) * STEP_S
    count = max(int((bounds[-1, 1] - first) // STEP_S) - WINDOW_S // STEP_S + 2, 1)
    grid = first + np.arange((count * STEP_S + WINDOW_S) * GRID_HZ) / GRID_HZ
    off = np.column_stack((breaths.edges[:-1, 1], breaths.edges[1:, 0]))
    pauses = Spans.of(off[off[:, 1] - off[:, 0] >= PAUSE_S])
    searched = contains(breaths.searched, grid)
    breathing = np.where(contains(pauses, grid), 0.0, 1.0)

    size, step = WINDOW_S * GRID_HZ, STEP_S * GRID_HZ
    known = np.lib.stride_tricks.sliding_window_view(searched, size)[::step][:count]
    rows = np.lib.stride_tricks.sliding_window_view(breathing, size)[::step][:count]
    number = known.sum(axis=1)
    enough = number >= LEAST_SHARE * size
    mean = (rows * known).sum(axis=1) / np.maximum(number, 1)
    apart = np.where(known, rows - mean[:, None], 0.0)
    variance = (apart**2).sum(axis=1)
    turn = 2j * np.pi * np.arange(size)[:, None] / GRID_HZ / PERIODS_S
    power = np.abs(apart @ np.exp(turn)) ** 2 * 2 / size
    share = power / np.maximum(variance, 1e-9)[:, None]
    best = share.argmax(axis=1)
    index = np.where(enough, np.minimum(share.max(axis=1), 1.0), np.nan)
    period = np.where(index > 0, PERIODS_S[best], np.nan)
    return Periodicity(grid[::step][:count] + WINDOW_S / 2, index, period)
