"""Quality of a numeric: values no infant has, steps none makes, values that stand still."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from joey.quality.types import Quality, Verdict
from joey.signals import extent, measured
from joey.spans import EMPTY, Span, Spans, intersect

if TYPE_CHECKING:
    from joey.signals import Channel, Series

__all__ = ["follow_heart", "frozen_together", "judge_numeric", "possible"]

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
PERCENT = 100.0
NEAR = 5.0  # /min, a breathing rate that near to the heart rate may be the heart's
FOLLOWS_S = 10.0  # s


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
    known = np.isfinite(series.values)
    times, values, ends = series.times[known], series.values[known], series.ends[known]
    low, high = possible(series.channel)
    outside = (values < low) | (values > high)
    rows = [(start, end, "bad", "out of range") for start, end in _rows(times, ends, outside)]
    fast = _too_fast(series.channel.quantity, times, values)
    if fast is not None:
        rows += [(s, e, "doubtful", "step") for s, e in _rows(times, ends, fast & ~outside)]
    verdicts = tuple(Verdict(Span(s, e), grade, reason) for s, e, grade, reason in sorted(rows))
    return Quality(series.channel, verdicts, measured(series))


def possible(channel: Channel) -> tuple[float, float]:
    """Return the smallest and the largest value that is one; infinite where nothing is known.

    Oxygen in percent has a hundred times the limits of oxygen as a fraction.
    """
    low, high = RANGE.get(channel.quantity, (-np.inf, np.inf))
    percent = PERCENT if channel.quantity == "fio2" and channel.unit == "%" else 1.0
    return low * percent, high * percent


def _too_fast(quantity: str, times: np.ndarray, values: np.ndarray) -> np.ndarray | None:
    """Return which values changed too fast; None of a quantity that may change at any rate."""
    if quantity not in STEP:
        return None
    most, over = STEP[quantity]
    before = np.maximum(np.searchsorted(times, times - over, side="right") - 1, 0)
    apart = times - times[before]
    near = (apart > 0) & (apart <= over + SILENT_S)
    allowed = most * np.maximum(apart, 1.0) + TURN.get(quantity, 0.0) + 1e-6
    return np.asarray(near & (np.abs(values - values[before]) > allowed))


def _rows(times: np.ndarray, ends: np.ndarray, mask: np.ndarray) -> list[tuple[float, float]]:
    spans = Spans.of(np.column_stack((times[mask], ends[mask])))
    return [(each.start, each.end) for each in spans]


def frozen_together(first: Series, second: Series) -> Spans:
    """Return where two independent numerics both stand still for over 30 s.

    One numeric alone may well stand still: a saturation of 100 % in room air is not frozen.
    """
    return intersect(_still(first), _still(second))


def _still(series: Series) -> Spans:
    known = np.isfinite(series.values)
    times, values, ends = series.times[known], series.values[known], series.ends[known]
    if len(values) == 0:
        return extent(series)
    opens = np.ones(len(values), dtype=np.bool_)
    opens[1:] = (values[1:] != values[:-1]) | (times[1:] - ends[:-1] > 1e-6)
    first = np.flatnonzero(opens)
    last = np.append(first[1:], len(values)) - 1
    rows = np.column_stack((times[first], ends[last]))
    return Spans.of(rows[rows[:, 1] - rows[:, 0] > FROZEN_S])


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
    rows = Spans.of(np.column_stack((times, ends))[near]).bounds
    return Spans.of(rows[rows[:, 1] - rows[:, 0] > FOLLOWS_S])
