"""Waveforms as sums of pulses, one per beat or breath, without a loop over beats."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

__all__ = ["STEP", "add_bells", "add_pulses", "uniform"]

STEP = 0.05  # s, the grid of everything slower than a heart beat


def uniform(n: int, step: float) -> NDArray[np.float64]:
    """Return n times from 0, `step` apart. [s]"""
    return np.asarray(np.arange(n) * step, dtype=np.float64)


def add_pulses(
    out: NDArray[np.floating],
    fs: float,
    starts: NDArray[np.float64],
    lengths: NDArray[np.float64],
    shape: Callable[[NDArray[np.float64], NDArray[np.intp]], NDArray[np.float64]],
) -> None:
    """Add one pulse per start to a waveform, in place.

    Parameters
    ----------
    out : ndarray of float, shape (n,)
        The waveform; sample k is at k / `fs`.
    fs : float
        Sampling frequency. [Hz]
    starts, lengths : ndarray of float64, shape (m,)
        When each pulse starts and how long it lasts; starts increase, by a sample or more. [s]
    shape : callable
        From the time since the start [s] and the pulses' indices to their values there.
    """
    first = np.ceil(starts * fs).astype(np.int64)
    live = np.flatnonzero(lengths > 0)
    k = 0
    # One turn per sample of the longest pulse: within a turn no two pulses meet, so that a plain
    # indexed addition is right; pulses leave as they end.
    while len(live):
        at = first[live] + k
        since = at / fs - starts[live]
        inside = (since < lengths[live]) & (at < len(out))
        live, at, since = live[inside], at[inside], since[inside]
        seen = at >= 0
        out[at[seen]] += shape(since[seen], live[seen]).astype(out.dtype)
        k += 1


def add_bells(
    out: NDArray[np.floating],
    fs: float,
    centers: NDArray[np.float64],
    widths: NDArray[np.float64],
    heights: NDArray[np.float64],
    skew: float = 1.0,
) -> None:
    """Add one Gaussian bell per center to a waveform, in place.

    Parameters
    ----------
    out, fs
        As of `add_pulses`.
    centers, widths, heights : ndarray of float64, shape (m,)
        When each bell peaks [s], its SD before the peak [s], and its height.
    skew : float
        Its SD after the peak, in units of that before.
    """
    reach = 4.0  # SD, where a bell has fallen to 3e-4 of its height

    def bell(since: NDArray[np.float64], which: NDArray[np.intp]) -> NDArray[np.float64]:
        offset = since / widths[which] - reach
        offset = np.where(offset > 0, offset / skew, offset)
        return np.asarray(heights[which] * np.exp(-0.5 * offset**2), dtype=np.float64)

    add_pulses(out, fs, centers - reach * widths, reach * (1 + skew) * widths, bell)
