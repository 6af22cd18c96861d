"""Thinned curves keep every extreme and every gap."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np
import pytest

from joey.response.pictures import envelope_track, series_track, signal_track, step_track
from joey.signals import Channel, Series, quantize
from joey.spans import Span

if TYPE_CHECKING:
    from joey.response import Track

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
    inside = (track.times > 19.95) & (track.times < 23.99)
    assert inside.any()
    assert np.isnan(track.values[inside]).sum() == 1
    assert np.isfinite(track.values).sum() > 800
    assert not drawn_across(track, 20.0, 24.0)


def drawn_across(track: Track, start: float, end: float) -> bool:
    """Whether any two neighboring points without a NaN between them span the time given."""
    known = np.isfinite(track.values)
    joined = known[:-1] & known[1:]
    middle = (start + end) / 2
    return bool(np.any(joined & (track.times[:-1] < middle) & (track.times[1:] > middle)))


@pytest.mark.parametrize("points", [200, 2000, 100_000])
def test_no_line_is_drawn_through_time_that_was_not_searched_for_beats(points: int) -> None:
    """RR pieces end at the edge of what was searched, at any density; so does their line."""
    rng = np.random.default_rng(5)
    searched = [(0.0, 700.0), (703.0, 1800.0), (2400.0, 2404.2), (2500.0, 3600.0)]
    times, rr = [], []
    for start, end in searched:
        t = start + np.cumsum(0.4 + 0.05 * rng.random(round(2.2 * (end - start))))
        t = t[t < end]
        times.append(t[:-1])
        rr.append(np.diff(t))
    t, lengths = np.concatenate(times), np.concatenate(rr)
    series = Series(Channel("heart_rate", "/min"), t, 60 / lengths, lengths)
    track = series_track(series, Span(0, 3600), "Heart rate", points)
    for start, end in ((1800.0, 2400.0), (2404.2, 2500.0)):
        assert not drawn_across(track, start, end)
    if 2 * 3600 / points < 3:
        assert not drawn_across(track, 700.0, 703.0)
    shown = track.values[np.isfinite(track.values)]
    assert (shown.min(), shown.max()) == (series.values.min(), series.values.max())
    lone = np.isfinite(track.values) & (track.times >= 2400) & (track.times < 2405)
    assert lone.any()
    assert len(track.times) <= max(2 * points, 10_000 if points == 100_000 else 0)


def test_a_line_is_broken_between_two_segments_of_a_signal() -> None:
    """A cut in the recording is a gap although no sample of it is marked as not measured."""
    first = quantize(ECG, 250, 0, np.ones(5000), 1e-3)
    second = quantize(ECG, 250, 60 * 10**9, np.ones(5000), 1e-3)
    both = replace(first, segments=first.segments + second.segments)
    for points in (500, 50_000):
        assert not drawn_across(signal_track(both, Span(0, 80), "ECG", points), 20.0, 60.0)


def test_jitter_of_the_stamps_is_no_gap() -> None:
    times = np.arange(0, 300.0) + np.random.default_rng(2).uniform(0, 0.4, 300)
    series = Series(Channel("spo2", "%"), times, np.full(300, 95.0), np.ones(300))
    assert np.isfinite(series_track(series, Span(0, 300), "SpO2", 1000).values).all()


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
