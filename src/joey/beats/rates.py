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
from joey.signals import NS, runs_of
from joey.spans import Spans

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from joey.beats.intervals import Intervals
    from joey.signals import Channel, Series

__all__ = ["RateAgreement", "RateDetector", "compare_rates"]

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
        Where beats are known in no more than 80 % of that time it is not compared. A difference is
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
    detector = RateDetector(other.channel)
    return detector.update(beats, np.inf, other, np.inf)


class RateDetector:
    """Where the rate of beats and another rate differ, chunk by chunk: as `compare_rates`.

    Parameters
    ----------
    channel : Channel
        Of the other rate.
    """

    def __init__(self, channel: Channel) -> None:
        self._late, self._early = EARLY_S, EARLY_S
        self._other: _Averages | None = None
        if channel.averaging_s == 0:
            self._other = _Averages()
        else:
            averaged = channel.averaging_s
            self._late = LATE_S + (AVERAGED_S if averaged is None else averaged)
        self._beats = _Averages()
        self._own = np.empty((0, 3))  # start, end, mean rate
        self._values = np.empty((0, 3))
        self._upto = -np.inf
        self._run: tuple[float, float] | None = None  # of values that differ, one after the other
        self._long = False  # whether the run has lasted, and its first part is told
        self._final = -np.inf

    @property
    def final(self) -> float:
        """Before this time all is told. [s]"""
        return self._final

    def update(
        self, beats: Intervals | None, beats_upto: float, other: Series | None, upto: float
    ) -> RateAgreement:
        """Take intervals and values, and before when each is all; return what became known."""
        new = (beats.times, beats.rr) if beats is not None else (np.empty(0), np.empty(0))
        self._own = np.concatenate((self._own, self._beats.take(*new, beats_upto)))
        if other is not None:
            known = np.isfinite(other.values)
            rows = np.column_stack((other.times, other.ends, other.values))[known]
        else:
            rows = np.empty((0, 3))
        if self._other is not None:
            rows = self._other.take(rows[:, 0], 60000.0 / rows[:, 2], upto)
            upto = self._other.final
        self._values = np.concatenate((self._values, rows))
        self._upto = max(self._upto, upto)
        # A value is compared with all beats that begin until so long after it.
        ready = int(np.searchsorted(self._values[:, 0], self._beats.final - self._early))
        rows, self._values = self._values[:ready], self._values[ready:]
        compared, apart = self._compare(*rows.T) if ready else (np.empty((0, 2)), [])
        known_to = float(self._values[0, 0]) if len(self._values) else self._upto
        known_to = min(known_to, self._beats.final - self._early)
        apart += self._end(known_to) or self._so_far()
        self._final = max(self._final, known_to if self._run is None else self._run[0])
        self._own = self._own[self._own[:, 1] > known_to - self._late]
        return RateAgreement(Spans.of(compared), Spans.of(apart))

    def _compare(
        self,
        times: NDArray[np.float64],
        ends: NDArray[np.float64],
        values: NDArray[np.float64],
    ) -> tuple[NDArray[np.float64], list[tuple[float, float]]]:
        own_times, own_ends, own = self._own.T
        if len(own) == 0:
            return np.empty((0, 2)), []
        lo = np.searchsorted(own_ends, times - self._late, side="right")
        hi = np.searchsorted(own_times, times + self._early)
        # Sums of whole nanoseconds are the same wherever they begin.
        lengths = np.rint((own_ends - own_times) * NS).astype(np.int64)
        held = np.concatenate(([0], np.cumsum(lengths)))
        enough = round(KNOWN * (self._late + self._early) * NS)
        there = (hi > lo) & (held[hi] - held[np.minimum(lo, hi)] > enough)
        least, most = _extremes(own, lo[there], hi[there])
        times, ends, values = times[there], ends[there], values[there]
        differs = (values < (1 - APART) * least) | (values > (1 + APART) * most)
        rows: list[tuple[float, float]] = []
        for first, stop in runs_of(differs).tolist():
            if first and self._run is not None:
                rows += self._close()  # one between did not differ
            inside = slice(first, stop)
            for start, end in np.column_stack((times, ends))[inside].tolist():
                if self._run is not None and start - self._run[1] > TOUCH_MS / 1000.0:
                    rows += self._close()
                self._run = (start if self._run is None else self._run[0]), end
        if len(differs) and not differs[-1]:
            rows += self._close()
        return np.column_stack((times, ends)), rows

    def _end(self, known_to: float) -> list[tuple[float, float]]:
        """End a run that nothing can follow."""
        if self._run is None or known_to - self._run[1] <= TOUCH_MS / 1000.0:
            return []
        return self._close()

    def _so_far(self) -> list[tuple[float, float]]:
        """Tell of a run that has lasted and goes on: what waits for it would wait for hours."""
        if self._run is None or not self._lasted(self._run):
            return []
        told, self._run, self._long = self._run, (self._run[1], self._run[1]), True
        return [told]

    def _close(self) -> list[tuple[float, float]]:
        run, self._run = self._run, None
        told = [run] if run is not None and self._lasted(run) else []
        self._long = False
        return told

    def _lasted(self, run: tuple[float, float]) -> bool:
        length = run[1] - run[0]
        return length > LONGEST_S or (self._long and length > 0)


class _Averages:
    """Start, end and mean rate of the eight beats around each interval, none over a gap."""

    def __init__(self) -> None:
        self._times: NDArray[np.float64] = np.empty(0)
        self._lengths: NDArray[np.float64] = np.empty(0)
        self._done = 0
        self.final = -np.inf  # s, before which all is told

    def take(
        self, times: NDArray[np.float64], lengths_ms: NDArray[np.float64], upto: float
    ) -> NDArray[np.float64]:
        """Take intervals, and before when that is all; return rows of start, end, rate."""
        times = np.concatenate((self._times, times))
        lengths_ms = np.concatenate((self._lengths, lengths_ms))
        ends = times + lengths_ms / 1000.0
        n = len(times)
        if n == 0:
            self.final = max(self.final, upto)
            return np.empty((0, 3))
        opens = np.append(True, np.abs(times[1:] - ends[:-1]) > TOUCH_MS / 1000.0)
        run = np.cumsum(opens) - 1
        starts = np.flatnonzero(opens)
        first = starts[run]
        stop = np.append(starts[1:], n)[run]
        lo = np.maximum(np.arange(n) - BEATS // 2, first)
        lo = np.maximum(np.minimum(lo, stop - BEATS), first)
        hi = np.minimum(lo + BEATS, stop)
        over = upto > ends[-1] + TOUCH_MS / 1000.0
        # In a stretch that goes on, the eight around an interval are known when as many follow.
        ready = n if over else max(n - BEATS, int(starts[-1]), self._done)
        rate = 60.0 * (hi - lo) / (ends[hi - 1] - times[lo])
        many = hi - lo >= BEATS
        many[: self._done] = many[ready:] = False
        found = np.asarray(np.column_stack((times, ends, rate))[many])
        drop = max(ready - BEATS, 0)
        self.final = max(self.final, float(times[ready]) if ready < n else upto)
        self._times, self._lengths = times[drop:], lengths_ms[drop:]
        self._done = ready - drop
        return found


def _extremes(
    values: NDArray[np.float64], lo: NDArray[np.int64], hi: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the least and the most of each range of values; no range is empty."""
    if len(lo) == 0:
        return np.empty(0), np.empty(0)
    at = np.column_stack((lo, hi)).ravel()
    padded = np.append(values, values[-1])  # so that a range may end with the values
    return np.minimum.reduceat(padded, at)[::2], np.maximum.reduceat(padded, at)[::2]
