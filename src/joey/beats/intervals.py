"""RR and NN intervals: from beats to the series that heart-rate variability is measured on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from joey.signals import Channel
    from joey.spans import Spans

__all__ = ["Intervals"]


@dataclass(frozen=True, slots=True, eq=False)
class Intervals:
    """RR intervals with their cleaned twins.

    Parameters
    ----------
    channel : Channel
        Where the beats were found.
    times : ndarray of float64, shape (n,)
        Start of each interval: the time of its first beat. [s]
    rr : ndarray of float64, shape (n,)
        Interval to the next beat of the same searched span: none crosses a gap. [ms]
    nn : ndarray of float64, shape (n,)
        The cleaned interval, NaN where rejected; feeds variability only, never events. [ms]
    corrected : ndarray of bool, shape (n,)
        Whether cleaning changed or rejected it.
    searched : Spans
        As of the beats.
    resolution_ms : float
        Timing noise of one beat: the sampling step where times are not interpolated. [ms]
    """

    channel: Channel
    times: NDArray[np.float64]
    rr: NDArray[np.float64]
    nn: NDArray[np.float64]
    corrected: NDArray[np.bool_]
    searched: Spans
    resolution_ms: float
