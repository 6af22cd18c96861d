"""What carries a feature, minute by minute."""

from __future__ import annotations

import numpy as np
import pytest

from joey.beats import intervals_from_rr
from joey.breaths import Breaths
from joey.features import FEATURES, Feature, Material
from joey.response.pace import minute_values, minutes_of, window_means
from joey.signals import Channel, Series
from joey.spans import Spans

TEN = Spans.of([(0.0, 600.0)])


def feature(name: str) -> Feature:
    return next(each for each in FEATURES if each.name == name)


def test_minutes_are_whole_and_start_with_each_span() -> None:
    phase = Spans.of([(30.0, 170.0), (500.0, 560.0), (700.0, 750.0)])
    assert minutes_of(phase).tolist() == [30.0, 90.0, 500.0]
    assert len(minutes_of(Spans.of([]))) == 0


def test_a_constant_heart_is_the_same_rate_in_every_minute() -> None:
    material = Material(intervals=intervals_from_rr(np.full(1500, 400.0)))
    for name in ("heart_rate", "rmssd"):
        values = minute_values(feature(name), material, TEN)
        assert values == pytest.approx(np.full(10, 150.0))


def test_breaths_carry_breathing_and_their_gap_is_nan() -> None:
    times = np.concatenate((np.arange(0, 120, 1.2), np.arange(240, 600, 1.2)))
    breaths = Breaths(
        Channel("resp"), times, np.zeros(len(times), np.uint8), Spans.of([(0, 120), (240, 600)])
    )
    values = minute_values(feature("breath_cv"), Material(breaths=breaths), TEN)
    assert np.isnan(values[2:4]).all()
    assert values[[0, 1, 5, 8]] == pytest.approx(50.0)


def test_a_numeric_is_averaged_over_the_time_it_stands() -> None:
    """A value of 90 s reaches into the next minute; a minute without half its data is NaN."""
    series = Series(
        Channel("spo2", "%"), np.array([0.0, 90.0, 130.0]), np.array([90.0, 96.0, 80.0]),
        np.array([90.0, 30.0, 20.0]),
    )  # fmt: skip
    values = minute_values(feature("spo2"), Material(numerics={"spo2": (series,)}), TEN)
    assert values[:2] == pytest.approx([90.0, (30 * 90 + 30 * 96) / 60])
    assert np.isnan(values[2:]).all()


def test_temperature_is_read_at_its_site() -> None:
    times = 60.0 * np.arange(10)
    skin, rectal = (
        Series(Channel("temp", "Cel", site=site), times, np.full(10, level), np.full(10, 60.0))
        for site, level in (("skin", 36.0), ("rectal", 37.0))
    )
    material = Material(numerics={"temp": (skin, rectal)})
    assert minute_values(feature("temp_rectal"), material, TEN) == pytest.approx(np.full(10, 37.0))


def test_window_means_are_the_means_of_the_shifted_phase() -> None:
    minutes = np.random.default_rng(2).standard_normal(300)
    phase = Spans.of([(600.0, 1200.0), (1800.0, 2400.0)])
    shifts = np.array([-600.0, 0.0, 3000.0])
    found = window_means(minutes, 0.0, phase, shifts)
    for shift, mean in zip(shifts, found, strict=True):
        first = round(shift / 60)
        picked = np.concatenate(
            (minutes[10 + first : 20 + first], minutes[30 + first : 40 + first])
        )
        assert mean == pytest.approx(picked.mean())


def test_a_window_without_half_its_minutes_has_no_mean() -> None:
    minutes = np.ones(60)
    minutes[10:16] = np.nan
    found = window_means(minutes, 0.0, TEN, np.array([600.0, 1200.0]))
    assert np.isnan(found[0])
    assert found[1] == 1.0
