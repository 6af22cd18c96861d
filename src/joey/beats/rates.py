"""Whether the rate of the beats is the rate that the monitor, or the pulse, shows.

A monitor's number is late and averaged: it is compared with all that the beats were in the time it
may stand for, so that a true bradycardia of some seconds, which it hardly shows, is no difference.
Two rates that differ say that one is wrong, never which: nothing is left out for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from joey.beats.intervals import TOUCH_MS
from joey.signals import runs_of
from joey.spans import EMPTY, Spans

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from joey.beats.intervals import Intervals
    from joey.signals import Series

__all__ = ["RateAgreement", "compare_rates"]

BEATS = 8  # that a rate is the mean of: a monitor takes 8 to 16
APART = 0.10  # of the rate
LONGEST_S = 10.0  # s, a difference that lasts longer is told
LATE_S = 12.0  # s, a monitor's number is at most so late
AVERAGED_S = 16.0  # s, where the averaging is not known: the longest of oximeters
EARLY_S = 2.0  # s, two clocks of one recording may differ by so much
KNOWN = 0.8  # share of the time a number may stand for in which there are beats


@dataclass(frozen=True, slots=True, eq=False)
class RateAgreement:
    """Where two rates of one heart were compared, and where they differ.

    Parameters
    ----------
    compared : Spans
        Where both are known.
    apart : Spans
        Where they differ by over 10 % for over 10 s.
    """

    compared: Spans
    apart: Spans


def compare_rates(beats: Intervals, other: Series) -> RateAgreement:
    """Return where the rate of beats and another rate of the same heart differ.

    Parameters
    ----------
    beats : Intervals
        Of an ECG; the raw intervals are used, and bridge no gap.
    other : Series
        A monitor's heart rate or pulse rate, or the rate from pulse to pulse (`averaging_s` 0: it
        is averaged here, and not late). NaN is not compared. [1/min]

    Returns
    -------
    RateAgreement
        A value differs if it is over 10 % below the least or above the most of the rate of eight
        beats, from 12 s and the averaging time (16 s where not known) before it until 2 s after.
        Where beats are known in less than 80 % of that time it is not compared. A difference is
        told from over 10 s of such values one after the other.

    Notes
    -----
    That 10 % for 10 s is a limit, and what a monitor averages, are Joey's own reading of monitors'
    manuals (8 to 16 beats, oximeters 2 to 16 s, late by 5 to 12 s). A difference shorter than the
    window may be hidden by it: it is one of the things a number on a monitor cannot show.

    Examples
    --------
    >>> from joey.beats import intervals_from_rr
    >>> from joey.signals import Channel, Series
    >>> beats = intervals_from_rr(np.full(300, 400.0))  # 150 beats/min for 2 min
    >>> half = Series(
    ...     Channel("pulse_rate", "/min"), np.arange(120.0), np.full(120, 75.0), np.ones(120)
    ... )
    >>> compare_rates(beats, half).apart.bounds
    array([[ 23., 120.]])
    """
    own_times, own_ends, own = _averaged(beats.times, beats.rr)
    known = np.isfinite(other.values)
    times, ends, values = other.times[known], other.ends[known], other.values[known]
    early, late = EARLY_S, EARLY_S
    if other.channel.averaging_s == 0:
        times, ends, values = _averaged(times, 60000.0 / values)
    else:
        averaged = other.channel.averaging_s
        late = LATE_S + (AVERAGED_S if averaged is None else averaged)
    if len(own) == 0 or len(values) == 0:
        return RateAgreement(EMPTY, EMPTY)
    lo = np.searchsorted(own_ends, times - late, side="right")
    hi = np.searchsorted(own_times, times + early)
    held = np.concatenate(([0.0], np.cumsum(own_ends - own_times)))
    there = (hi > lo) & (held[hi] - held[np.minimum(lo, hi)] >= KNOWN * (late + early))
    least, most = _extremes(own, lo[there], hi[there])
    times, ends, values = times[there], ends[there], values[there]
    differs = (values < (1 - APART) * least) | (values > (1 + APART) * most)
    rows = []
    joined = np.append(times[1:] - ends[:-1] <= TOUCH_MS / 1000.0, False)
    for first, stop in runs_of(differs).tolist():
        start = first
        for k in range(first, stop):
            if k == stop - 1 or not joined[k]:
                if ends[k] - times[start] > LONGEST_S:
                    rows.append((float(times[start]), float(ends[k])))
                start = k + 1
    return RateAgreement(Spans.of(np.column_stack((times, ends))), Spans.of(rows))


def _averaged(
    times: NDArray[np.float64], lengths_ms: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return start, end and mean rate of the eight beats around each interval, none over a gap."""
    ends = times + lengths_ms / 1000.0
    n = len(times)
    if n < BEATS:
        return np.empty(0), np.empty(0), np.empty(0)
    opens = np.append(True, np.abs(times[1:] - ends[:-1]) > TOUCH_MS / 1000.0)
    run = np.cumsum(opens) - 1
    first = np.flatnonzero(opens)[run]
    stop = np.append(np.flatnonzero(opens)[1:], n)[run]
    lo = np.maximum(np.arange(n) - BEATS // 2, first)
    lo = np.maximum(np.minimum(lo, stop - BEATS), first)
    hi = np.minimum(lo + BEATS, stop)
    many = hi - lo >= BEATS
    rate = 60.0 * (hi - lo) / (ends[hi - 1] - times[lo])
    return times[many], ends[many], rate[many]


def _extremes(
    values: NDArray[np.float64], lo: NDArray[np.int64], hi: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the least and the most of each range of values; no range is empty."""
    if len(lo) == 0:
        return np.empty(0), np.empty(0)
    at = np.column_stack((lo, hi)).ravel()
    padded = np.append(values, values[-1])  # so that a range may end with the values
    return np.minimum.reduceat(padded, at)[::2], np.maximum.reduceat(padded, at)[::2]
