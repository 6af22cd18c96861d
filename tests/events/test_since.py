"""The time since the last event, by a unit's rule, and what of it was looked at."""

from __future__ import annotations

import math

import numpy as np
import pytest

from joey.events import PRESETS, Events, find_in_series, time_since_last
from joey.signals import Channel, Series

HOUR = 3600


def desaturations(*dips: tuple[int, int, float], gap: tuple[int, int] = (0, 0)) -> Events:
    """Return the events of ten hours of saturation with dips: start [s], length [s], value."""
    values = np.full(10 * HOUR, 95.0)
    for start, length, low in dips:
        values[start : start + length] = low
    values[slice(*gap)] = np.nan
    times = np.arange(float(len(values)))
    series = Series(Channel("spo2", "%"), times, values, np.ones(len(values)))
    return find_in_series(PRESETS["ih_difiore"], series, source="numeric")


def test_the_clock_starts_at_the_end_of_the_last_event() -> None:
    found = time_since_last(desaturations((HOUR, 20, 75), (2 * HOUR, 20, 75)), 10.0 * HOUR)
    assert found.since_s == 8 * HOUR - 20
    assert found.coverage == 1.0
    assert found.words == "8.0 h since the last ih_difiore+join10, 100 % of them measured"


def test_time_that_was_not_measured_is_told() -> None:
    events = desaturations((2 * HOUR, 20, 75), gap=(3 * HOUR, 7 * HOUR))
    found = time_since_last(events, 10.0 * HOUR)
    assert found.coverage == pytest.approx(0.5, abs=0.001)
    assert found.words.endswith("50 % of them measured")


def test_the_units_own_rule_leaves_out_what_is_short_or_mild() -> None:
    events = desaturations((HOUR, 40, 60), (3 * HOUR, 40, 78), (5 * HOUR, 12, 60))
    until = 10.0 * HOUR
    assert time_since_last(events, until).since_s == 5 * HOUR - 12
    assert time_since_last(events, until, at_least_s=20).since_s == 7 * HOUR - 40
    both = time_since_last(events, until, at_least_s=20, nadir_below=70)
    assert both.since_s == 9 * HOUR - 40
    assert "of at least 20 s and below 70" in both.words


def test_a_prolonged_event_starts_the_clock_as_well() -> None:
    assert time_since_last(desaturations((HOUR, 600, 75)), 2.0 * HOUR).since_s == HOUR - 600


def test_what_comes_later_is_not_looked_at_and_what_runs_is_zero() -> None:
    events = desaturations((HOUR, 20, 75), (8 * HOUR, 60, 75))
    assert time_since_last(events, 5.0 * HOUR).since_s == 4 * HOUR - 20
    running = time_since_last(events, 8.0 * HOUR + 30)
    assert running.since_s == 0
    assert running.words.endswith("is running")


def test_without_an_event_the_clock_starts_with_the_recording() -> None:
    found = time_since_last(desaturations(), 6.0 * HOUR)
    assert found.event is None
    assert found.words == "no ih_difiore+join10 in 6.0 h, 100 % of them measured"


def test_where_nothing_was_searched_nothing_can_be_said() -> None:
    found = time_since_last(desaturations(gap=(0, 10 * HOUR)), 10.0 * HOUR)
    assert math.isnan(found.since_s)
    assert found.words.startswith("cannot say: ")
