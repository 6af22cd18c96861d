"""Thinned curves keep every extreme and every gap."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from joey.response.pictures import envelope_track, series_track, signal_track, step_track
from joey.signals import Channel, Series, quantize
from joey.spans import Span

ECG = Channel("ecg", "mV", lead="II")


@pytest.mark.parametrize("n", [10, 999, 3001, 15000])
def test_a_thinned_line_keeps_lowest_and_highest_and_its_length(n: int) -> None:
    values = np.random.default_rng(n).standard_normal(n)
    signal = quantize(ECG, 250, 0, values, 1e-6)
    track = signal_track(signal, Span(0, n / 250), "ECG", 1000)
    assert len(track.times) <= max(1002, n if n <= 1000 else 0)
    assert np.nanmax(track.values) == pytest.approx(values.max(), abs=1e-6)
    assert np.nanmin(track.values) == pytest.approx(values.min(), abs=1e-6)
    assert np.all(np.diff(track.times) >= 0)


def test_a_gap_breaks_the_thinned_line() -> None:
    values = np.ones(15000)
    values[5000:6000] = np.nan
    track = signal_track(quantize(ECG, 250, 0, values, 1e-3), Span(0, 60), "ECG", 1000)
    inside = (track.times > 20.1) & (track.times < 23.9)
    assert inside.any()
    assert np.isnan(track.values[inside]).all()


def test_a_series_is_broken_where_it_is_silent() -> None:
    times = np.concatenate((np.arange(0, 100.0), np.arange(200, 300.0)))
    series = Series(Channel("spo2", "%"), times, np.full(200, 95.0), np.ones(200))
    track = series_track(series, Span(0, 300), "SpO2", 1000)
    assert np.isnan(track.values).sum() == 1
    assert track.times[np.isnan(track.values)][0] == 100.0


def test_steps_stand_from_before_the_span_and_stop_where_the_value_does() -> None:
    series = Series(
        Channel("fio2", "1"),
        np.array([0.0, 50.0, 60.0]),
        np.array([0.21, 0.3, 0.3]),
        np.full(3, 40.0),
    )
    track = step_track(series, Span(10, 300), "FiO2")
    assert track.times.tolist() == [10.0, 40.0, 50.0, 100.0]
    assert track.values.tolist()[:1] + track.values.tolist()[2:3] == [0.21, 0.3]
    assert np.isnan(track.values[[1, 3]]).all()


def test_the_envelope_holds_the_breaths_and_not_the_baseline() -> None:
    fs = Fraction(125, 2)
    t = np.arange(62.5 * 600) / 62.5
    values = np.sin(2 * np.pi * 0.8 * t) + 0.05 * t
    values[t > 500] = np.nan
    track = envelope_track(
        quantize(Channel("resp", "NU"), fs, 0, values, 1e-5), Span(0, 600), "resp", 120
    )
    shown = (track.times > 20) & (track.times < 480)
    assert np.abs(track.high[shown] - 1).max() < 0.15
    assert np.abs(track.values[shown] + 1).max() < 0.15
    assert np.isnan(track.high[track.times > 505]).all()


def test_nothing_inside_the_span_is_an_empty_track() -> None:
    signal = quantize(ECG, 250, 0, np.ones(250), 1.0)
    track = signal_track(signal, Span(100, 110), "ECG", 1000)
    assert len(track.times) == 0
    assert np.isnan(envelope_track(signal, Span(100, 110), "x", 5).values).all()
