"""Quality of a numeric: values no infant has, steps none makes, values that stand still."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from joey.quality.types import Quality, Verdict
from joey.signals import measured
from joey.spans import EMPTY, Span, Spans, intersect, union

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from joey.signals import Channel, Series

__all__ = [
    "FrozenDetector",
    "NumericDetector",
    "differ",
    "far_apart",
    "follow_heart",
    "frozen_together",
    "judge_numeric",
    "possible",
    "still_differ",
]

RANGE = {  # smallest and largest value that is one: Joey's defaults
    "heart_rate": (20.0, 300.0),
    "pulse_rate": (20.0, 300.0),
    "resp_rate": (0.0, 200.0),
    "spo2": (20.0, 100.0),
    "temp": (30.0, 43.0),
    "fio2": (0.2, 1.0),
}
# Largest change that is doubtless, per second, and the time over which it is looked at [s]: an
# oximeter prints every second, a thermometer turns by 0.1 Cel at once.
STEP = {"spo2": (20.0, 1.0), "temp": (0.5 / 60, 60.0)}
TURN = {"temp": 0.1}  # a reading of so much may always turn to the next
SILENT_S = 10.0  # s; across a longer silence no change is judged
FROZEN_S = 30.0  # s
TOUCH_S = 1e-6  # s; a value that begins so soon after another follows it
PERCENT = 100.0
NEAR = 5.0  # /min, a breathing rate that near to the heart rate may be the heart's
FOLLOWS_S = 10.0  # s
APART = 0.10  # of the heart rate, by which its two numerics may not differ
LATE_S = 28.0  # s, a monitor's number may be late by 12 s, and is averaged over up to 16 s
DIFFERS_S = 26.0  # s, 10 s longer than what is averaged


def judge_numeric(series: Series) -> Quality:
    """Return where a numeric cannot be, or changes faster than it can.

    Parameters
    ----------
    series : Series
        Heart rate [1/min], SpO2 [%], temperature [Cel], ... in the canonical unit.

    Returns
    -------
    Quality
        ``out of range`` is bad (a temperature below 30 Cel is a probe that is off); ``step`` (SpO2
        by over 20 % a second, temperature by over 0.5 Cel a minute) is doubtful. NaN is not
        judged.
    """
    return NumericDetector(series.channel).update({"pieces": series}, {})


class NumericDetector:
    """The judgment of one numeric, chunk by chunk (`streams.Detector`).

    The input ``pieces`` is a `Series` whose values stand as long as they say: the last one, too.
    """

    inputs = ("pieces",)

    def __init__(self, channel: Channel) -> None:
        self.channel = channel
        self._past: tuple[NDArray[np.float64], NDArray[np.float64]] = (np.empty(0), np.empty(0))

    def update(self, new: Mapping[str, Series], upto: Mapping[str, float]) -> Quality:
        """Take pieces; return their judgment."""
        del upto  # a value is judged by those before it
        series = new["pieces"]
        known = np.isfinite(series.values)
        times, values, ends = series.times[known], series.values[known], series.ends[known]
        low, high = possible(self.channel)
        outside = (values < low) | (values > high)
        rows = [(start, end, "bad", "out of range") for start, end in _rows(times, ends, outside)]
        fast = self._too_fast(times, values)
        if fast is not None:
            rows += [(s, e, "doubtful", "step") for s, e in _rows(times, ends, fast & ~outside)]
        verdicts = tuple(Verdict(Span(s, e), grade, reason) for s, e, grade, reason in sorted(rows))
        return Quality(self.channel, verdicts, measured(series))

    def finish(self) -> Quality:
        """Return nothing more: all is judged as it comes."""
        return Quality(self.channel, (), EMPTY)

    def _too_fast(
        self, times: NDArray[np.float64], values: NDArray[np.float64]
    ) -> NDArray[np.bool_] | None:
        """Return which values changed too fast; None of a quantity that may change at any rate."""
        if self.channel.quantity not in STEP or not len(times):
            return None
        most, over = STEP[self.channel.quantity]
        heard = len(self._past[0])
        times, values = (
            np.concatenate(pair) for pair in zip(self._past, (times, values), strict=True)
        )
        before = np.maximum(np.searchsorted(times, times - over, side="right") - 1, 0)
        apart = times - times[before]
        near = (apart > 0) & (apart <= over + SILENT_S)
        allowed = most * np.maximum(apart, 1.0) + TURN.get(self.channel.quantity, 0.0) + 1e-6
        # A later value is held against none older than the last before this.
        keep = max(int(np.searchsorted(times, times[-1] - over - SILENT_S)) - 1, 0)
        self._past = times[keep:], values[keep:]
        return np.asarray(near & (np.abs(values - values[before]) > allowed))[heard:]


def possible(channel: Channel) -> tuple[float, float]:
    """Return the smallest and the largest value that is one; infinite where nothing is known.

    Oxygen in percent has a hundred times the limits of oxygen as a fraction.
    """
    low, high = RANGE.get(channel.quantity, (-np.inf, np.inf))
    percent = PERCENT if channel.quantity == "fio2" and channel.unit == "%" else 1.0
    return low * percent, high * percent


def _rows(
    times: NDArray[np.float64], ends: NDArray[np.float64], mask: NDArray[np.bool_]
) -> list[tuple[float, float]]:
    spans = Spans.of(np.column_stack((times[mask], ends[mask])))
    return [(each.start, each.end) for each in spans]


def frozen_together(first: Series, second: Series) -> Spans:
    """Return where two independent numerics both stand still for over 30 s.

    One numeric alone may well stand still: a saturation of 100 % in room air is not frozen.
    """
    detector = FrozenDetector()
    told = detector.update({"first": first, "second": second}, {})
    return union(told, detector.finish())


def follow_heart(breaths: Series, heart: Series) -> Spans:
    """Return where a monitor's breathing rate may be the heart's: 5 /min near for over 10 s.

    The heart moves the impedance of the chest at each beat; a monitor that counts these ripples
    shows the heart rate twice, most of all in a breathing pause. An infant who breathes as fast as
    a slow heart beats is flagged, too.

    Parameters
    ----------
    breaths, heart : Series
        Numerics of one monitor. [1/min] NaN is not compared.
    """
    known, beating = np.isfinite(breaths.values), np.isfinite(heart.values)
    times, ends, values = breaths.times[known], breaths.ends[known], breaths.values[known]
    since, until, rates = heart.times[beating], heart.ends[beating], heart.values[beating]
    at = np.searchsorted(since, times, side="right") - 1
    if len(rates) == 0:
        return EMPTY
    at_or_first = np.maximum(at, 0)
    near = (at >= 0) & (times < until[at_or_first]) & (np.abs(values - rates[at_or_first]) < NEAR)
    rows = Spans.of(np.column_stack((times, _joined(times, ends)))[near]).bounds
    return Spans.of(rows[rows[:, 1] - rows[:, 0] > FOLLOWS_S])


def differ(heart: Series, pulse: Series) -> Spans:
    """Return where a heart rate and a pulse rate of one monitor differ by over 10 %.

    Each is late and averaged in its own way, so that a value is held against all that the other was
    from 28 s before it to 28 s after it: a bradycardia of some seconds that one shows and the other
    hardly, is no difference. One that is averaged over longer shows less of a fall while it lasts:
    only a difference of over 26 s, 10 s more than the longest averaging, is told. Which of the two
    is wrong is not known.

    Parameters
    ----------
    heart, pulse : Series
        Of the ECG and of the oximeter. [1/min] NaN is not compared.

    Returns
    -------
    Spans
        Of values of the one or the other that differ, one after the other. [s]

    Notes
    -----
    10 % and 10 s are Joey's own reading of what monitors compare. Where beats are found in an ECG,
    they are compared with each of the two instead (`joey.beats.compare_rates`).

    Examples
    --------
    >>> from joey.signals import Channel, Series
    >>> t = np.arange(300.0)
    >>> heart = Series(Channel("heart_rate", "/min"), t, np.full(300, 150.0), np.ones(300))
    >>> half = np.where((t >= 100) & (t < 200), 75.0, 150.0)
    >>> differ(heart, Series(Channel("pulse_rate", "/min"), t, half, np.ones(300))).bounds
    array([[100., 200.]])
    """
    return union(_apart(pulse, heart), _apart(heart, pulse))


def far_apart(one: float, other: float) -> bool:
    """Whether two values differ by over 10 %, as those of two rates in `differ`. [1/min]

    Examples
    --------
    >>> far_apart(149.0, 188.0), far_apart(149.0, 160.0)
    (True, False)
    """
    least, most = sorted((one, other))
    return least < (1 - APART) * most or most > (1 + APART) * least


def still_differ(heart: Series, pulse: Series) -> bool:
    """Whether two rates differ, by what `differ` says, until the newest value that both have.

    Parameters
    ----------
    heart, pulse : Series
        Of two sources of one heart's rate, of the last minute or so: a difference of 26 s, and what
        each was in the 28 s before it. [1/min]

    Examples
    --------
    >>> from joey.signals import Channel, Series
    >>> t = np.arange(60.0)
    >>> heart = Series(Channel("heart_rate", "/min"), t, np.full(60, 149.0), np.ones(60))
    >>> jump = np.where(t < 30, 149.0, 188.0)
    >>> pulse = Series(Channel("pulse_rate", "/min"), t, jump, np.ones(60))
    >>> still_differ(heart, pulse)
    True
    """
    apart = differ(heart, pulse).bounds
    newest = min(float(each.times[-1]) for each in (heart, pulse)) if len(apart) else np.inf
    return bool(len(apart) and apart[-1, 1] > newest)


def _apart(series: Series, other: Series) -> Spans:
    """Return where the one lies outside all that the other was around it."""
    known, there = np.isfinite(series.values), np.isfinite(other.values)
    times, ends, values = series.times[known], series.ends[known], series.values[known]
    since, until, rates = other.times[there], other.ends[there], other.values[there]
    lo = np.searchsorted(until, times - LATE_S, side="right")
    hi = np.searchsorted(since, times + LATE_S, side="right")
    # Only where the other is known as well when the value stands, is anything compared.
    at = np.maximum(np.searchsorted(since, times, side="right") - 1, 0)
    compared = hi > lo
    if len(rates):
        compared &= (since[at] <= times) & (times < until[at])
    times, ends, values = times[compared], ends[compared], values[compared]
    if not len(times):
        return EMPTY
    edges = np.column_stack((lo[compared], hi[compared])).ravel()
    padded = np.append(rates, rates[-1])  # so that a range may end with the values
    least, most = (f.reduceat(padded, edges)[::2] for f in (np.minimum, np.maximum))
    off = (values < (1 - APART) * least) | (values > (1 + APART) * most)
    rows = Spans.of(np.column_stack((times, _joined(times, ends)))[off]).bounds
    return Spans.of(rows[rows[:, 1] - rows[:, 0] > DIFFERS_S])


def _joined(times: NDArray[np.float64], ends: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the ends, moved to where the next value begins where that is but rounding away."""
    after = np.append(times[1:], np.inf)
    return np.where(np.abs(after - ends) < TOUCH_S, after, ends)


class FrozenDetector:
    """Where two numerics stand still together, chunk by chunk (`streams.Detector`).

    Inputs are ``first`` and ``second``: `Series` whose values stand as long as they say. Whether a
    value stands still is known when it has for 30 s, or when the other one has moved.
    """

    inputs = ("first", "second")

    def __init__(self) -> None:
        self._sides = _Stillness(), _Stillness()
        self._final = -np.inf

    @property
    def final(self) -> float:
        """Before this time all is told. [s]"""
        return self._final

    def update(self, new: Mapping[str, Series], upto: Mapping[str, float]) -> Spans:
        """Take pieces of either; return where both stood still, as far as that became known."""
        for name, side in zip(self.inputs, self._sides, strict=True):
            side.take(new.get(name), upto.get(name, -np.inf))
        one, other = self._sides
        known = min(one.known, other.known)
        ahead = max(one.known, other.known)
        if ahead > known:
            # Where one is known to move, it does not matter whether the other does.
            side = one if one.known > other.known else other
            still = intersect(side.still, Spans(np.array([[known, ahead]])))
            known = float(still.bounds[0, 0]) if len(still) else ahead
        return self._tell(known)

    def finish(self) -> Spans:
        """End both; return the rest."""
        for side in self._sides:
            side.take(None, np.inf)
        return self._tell(np.inf)

    def _tell(self, known: float) -> Spans:
        before, self._final = self._final, max(self._final, known)
        if not self._final > before:
            return EMPTY
        both = intersect(self._sides[0].still, self._sides[1].still)
        if len(both):
            both = intersect(both, Spans(np.array([[before, self._final]])))
        for side in self._sides:
            side.forget(self._final)
        return both


class _Stillness:
    """Where one numeric stands still, and until when that is known."""

    def __init__(self) -> None:
        self._run = np.empty((0, 3))  # start, end, value of the run that goes on
        self._closed = np.empty((0, 2))
        self._upto = -np.inf

    @property
    def _is_long(self) -> bool:
        return len(self._run) > 0 and bool(self._run[0, 1] - self._run[0, 0] > FROZEN_S)

    @property
    def known(self) -> float:
        """Before this time it is known whether it stands still. [s]"""
        if not len(self._run):
            return self._upto
        return float(self._run[0, 1] if self._is_long else self._run[0, 0])

    @property
    def still(self) -> Spans:
        """Where it is known to."""
        rows = np.concatenate((self._closed, self._run[:, :2])) if self._is_long else self._closed
        return Spans.of(rows)

    def take(self, series: Series | None, upto: float) -> None:
        rows = self._run
        if series is not None:
            known = np.isfinite(series.values)
            columns = series.times[known], series.ends[known], series.values[known]
            rows = np.concatenate((rows, np.column_stack(columns)))
        self._upto = max(self._upto, upto)
        if not len(rows):
            return
        times, ends, values = rows.T
        opens = np.ones(len(values), dtype=np.bool_)
        opens[1:] = (values[1:] != values[:-1]) | (times[1:] - ends[:-1] > TOUCH_S)
        first = np.flatnonzero(opens)
        last = np.append(first[1:], len(values)) - 1
        runs = np.column_stack((times[first], ends[last], values[first]))
        goes_on = not self._upto > runs[-1, 1] + TOUCH_S
        done = runs[:-1] if goes_on else runs
        self._run = runs[len(done) :]
        long = done[done[:, 1] - done[:, 0] > FROZEN_S]
        self._closed = np.concatenate((self._closed, long[:, :2]))

    def forget(self, before: float) -> None:
        self._closed = self._closed[self._closed[:, 1] > before]
