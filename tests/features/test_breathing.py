"""Breathing: intervals of one searched span, rate and regularity, against PICS."""

import warnings
from pathlib import Path

import numpy as np
import pytest

from joey.breaths import Breaths
from joey.features import (
    breath_intervals,
    breathing_band,
    measure_breath_rate,
    measure_breath_variability,
)
from joey.signals import Channel
from joey.spans import EMPTY, Spans


def breaths_at(times: list[float], *spans: tuple[float, float]) -> Breaths:
    flags = np.zeros(len(times), dtype=np.uint8)
    return Breaths(Channel("resp"), np.array(times), flags, Spans.of(spans))


def test_no_interval_crosses_a_gap_and_a_pause_is_one() -> None:
    breaths = breaths_at([1.0, 2.0, 8.0, 21.0, 22.0], (0.0, 10.0), (20.0, 30.0))
    whole = Spans.of([(0.0, 30.0)])
    assert breath_intervals(breaths, whole, EMPTY).tolist() == [1.0, 6.0, 1.0]


def test_both_breaths_of_an_interval_lie_in_the_same_span_and_outside_doubt() -> None:
    breaths = breaths_at([1.0, 2.0, 3.0, 4.0, 5.0], (0.0, 10.0))
    parts = Spans.of([(0.0, 2.5), (2.6, 9.0)])
    assert breath_intervals(breaths, parts, EMPTY).tolist() == [1.0, 1.0, 1.0]
    assert breath_intervals(breaths, parts, Spans.of([(3.9, 4.1)])).tolist() == [1.0]


def test_rate_and_variability() -> None:
    intervals = np.array([1.0, 1.5, 0.5])
    assert measure_breath_rate(intervals) == 60.0
    assert measure_breath_variability(intervals) == pytest.approx(50.0)
    assert np.isnan(measure_breath_rate(np.empty(0)))
    assert np.isnan(measure_breath_variability(np.array([1.0])))


def test_the_band_of_breathing_holds_the_middle_eighty_percent() -> None:
    slow, fast = breathing_band(1.0 / np.linspace(0.5, 1.5, 101))
    assert (slow, fast) == pytest.approx((0.6, 1.4))


@pytest.mark.parametrize(
    ("segment", "mean", "sd", "count", "rate"),
    [
        (0, "1.0056", "0.2048", 198, "59.67"),
        (1, "0.9056", "0.2506", 112, "66.25"),
        (2, "1.0983", "0.1739", 163, "54.63"),
    ],
)
def test_breath_intervals_of_pics_infant_1(
    shared_data: Path, segment: int, mean: str, sd: str, count: int, rate: str
) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # wfdb's, about pandas
        import wfdb  # noqa: PLC0415 - warns at import

        marks = wfdb.rdann(str(shared_data / f"pics/infant1_seg{segment}_resp"), "bpk")
    times = marks.sample / marks.fs
    breaths = breaths_at(times.tolist(), (0.0, 1000.0))
    intervals = breath_intervals(breaths, Spans.of([(0.0, 1000.0)]), EMPTY)
    assert len(intervals) == count
    assert f"{np.mean(intervals):.4f}" == mean
    assert f"{measure_breath_rate(intervals):.2f}" == rate
    assert f"{measure_breath_variability(intervals) * np.mean(intervals) / 100:.4f}" == sd
