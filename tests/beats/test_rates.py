"""Where the rate of beats and a monitor's rate differ, and where they only seem to."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from joey.beats import Intervals, RateDetector, compare_rates, intervals_from_rr
from joey.signals import Channel, Series, pick
from joey.spans import total, union

SECONDS = 600


def beats_at(rate: NDArray[np.float64]) -> Intervals:
    """Return beats of a heart of this rate in each second. [1/min]"""
    rr, time = [], 0.0
    while time < len(rate) - 1:
        rr.append(60_000.0 / rate[int(time)])
        time += rr[-1] / 1000.0
    return intervals_from_rr(np.array(rr))


def shown(
    rate: NDArray[np.float64], late_s: int, averaging_s: int, averaged: float | None = None
) -> Series:
    """Return what a monitor shows of it: late, averaged, whole numbers."""
    padded = np.concatenate((np.full(late_s + averaging_s - 1, rate[0]), rate))
    kernel = np.ones(averaging_s) / averaging_s
    values = np.round(np.convolve(padded, kernel, mode="valid"))[: len(rate)]
    channel = Channel("heart_rate", "/min", averaging_s=averaged)
    return Series(channel, np.arange(float(len(rate))), values, np.ones(len(rate)))


@pytest.mark.parametrize("late_s", [0, 5, 12])
@pytest.mark.parametrize("averaging_s", [1, 4, 8, 16])
@pytest.mark.parametrize("brady_s", [4, 8, 30])
def test_a_true_bradycardia_is_no_disagreement(late_s: int, averaging_s: int, brady_s: int) -> None:
    """From 150 to 70 /min and back, whatever the monitor makes of it."""
    rate = np.full(SECONDS, 150.0)
    for start in range(60, SECONDS - 60, 90):
        rate[start : start + brady_s] = 70.0

    found = compare_rates(beats_at(rate), shown(rate, late_s, averaging_s))

    assert total(found.compared) > SECONDS - 60
    assert total(found.apart) == 0


@pytest.mark.parametrize("part", [0.5, 2 / 3, 0.85, 1.2, 2.0])
def test_a_rate_that_is_wrong_for_a_minute_is_told(part: float) -> None:
    rate = np.full(SECONDS, 150.0)
    other = rate.copy()
    other[200:260] *= part
    found = compare_rates(beats_at(rate), shown(other, 0, 1))

    assert found.apart.bounds.tolist() == [[200.0, 260.0]]


def test_nine_percent_and_ten_seconds_are_not_told() -> None:
    rate = np.full(SECONDS, 150.0)
    near, short = rate.copy(), rate.copy()
    near[200:300] *= 1.09
    short[200:210] *= 0.5
    beats = beats_at(rate)

    assert total(compare_rates(beats, shown(near, 0, 1)).apart) == 0
    assert total(compare_rates(beats, shown(short, 0, 1)).apart) == 0
    short[210] *= 0.5
    assert total(compare_rates(beats, shown(short, 0, 1)).apart) == 11


def test_a_monitor_that_holds_its_number_through_a_long_bradycardia_differs() -> None:
    """Its lateness is over after 28 s; from then on one of the two is wrong."""
    rate = np.full(SECONDS, 150.0)
    rate[200:300] = 70.0
    (span,) = compare_rates(beats_at(rate), shown(np.full(SECONDS, 150.0), 0, 1)).apart

    assert 226 <= span.start <= 234
    assert 296 <= span.end <= 300


def test_beats_missed_one_in_two_differ_from_the_pulses_at_once() -> None:
    """The rate from pulse to pulse is not late: `averaging_s` is 0."""
    rate = np.full(SECONDS, 150.0)
    missed = rate.copy()
    missed[200:215] = 75.0
    pulses = beats_at(rate)
    series = Series(
        Channel("pulse_rate", "/min", averaging_s=0.0), pulses.times, 60_000 / pulses.rr,
        pulses.rr / 1000,
    )  # fmt: skip
    (span,) = compare_rates(beats_at(missed), series).apart

    assert 200 <= span.start <= 206
    assert 210 <= span.end <= 216


def test_nothing_is_compared_where_one_is_not_known() -> None:
    rate = np.full(SECONDS, 150.0)
    other = shown(rate * 0.5, 0, 1)
    other.values[100:200] = np.nan
    found = compare_rates(beats_at(rate[:300]), other)

    assert found.compared.bounds.tolist() == [[23.0, 100.0], [200.0, pytest.approx(304, abs=3)]]
    assert len(compare_rates(beats_at(rate[:3]), other).compared) == 0
    assert len(compare_rates(intervals_from_rr(np.empty(0)), other).apart) == 0


@pytest.mark.parametrize("step_s", [1, 7, 45])
def test_a_difference_that_goes_on_is_told_as_it_goes(step_s: int) -> None:
    """However it is cut it is one; nothing waits for its end, as that may take hours."""
    rate = np.full(SECONDS, 150.0)
    other = rate.copy()
    other[100:500] = 188.0
    beats, values = beats_at(rate), shown(other, 0, 1)
    detector, parts = RateDetector(values.channel), []
    for start in range(0, SECONDS, step_s):
        part = (beats.times >= start) & (beats.times < start + step_s)
        columns = {n: getattr(beats, n)[part] for n in ("times", "rr", "nn", "corrected")}
        new = pick(values, (values.times >= start) & (values.times < start + step_s))
        upto = float(start + step_s)
        parts.append(detector.update(replace(beats, **columns), upto, new, upto).apart)
        if upto > 150:
            assert detector.final > upto - 15
    parts.append(detector.update(None, np.inf, None, np.inf).apart)

    assert union(*parts).bounds.tolist() == compare_rates(beats, values).apart.bounds.tolist()
    assert union(*parts).bounds.tolist() == [[100.0, 500.0]]
