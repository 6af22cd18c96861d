"""Temperature: class edges, classes only where they hold, five-minute medians."""

import math

import numpy as np
import pytest

from joey.features import classify_temperature
from joey.features.temperature import five_minute_medians
from joey.signals import Channel, Series
from joey.spans import Spans


@pytest.mark.parametrize(
    ("celsius", "expected"),
    [
        (37.6, "hyperthermia"),
        (37.5, "normal"),
        (36.5, "normal"),
        (36.4, "mild hypothermia"),
        (36.0, "mild hypothermia"),
        (35.9, "moderate hypothermia"),
        (32.0, "moderate hypothermia"),
        (31.9, "severe hypothermia"),
        (math.nan, None),
    ],
)
@pytest.mark.parametrize("site", ["axilla", "rectal", "core"])
def test_edges_of_the_classes(celsius: float, expected: str | None, site: str) -> None:
    assert classify_temperature(celsius, site) == expected


@pytest.mark.parametrize("site", ["skin", "", "unknown"])
def test_a_skin_probe_and_an_unknown_site_have_no_class(site: str) -> None:
    assert classify_temperature(35.0, site) is None


def temperature(times: list[float], values: list[float]) -> Series:
    return Series(
        Channel("temp", "Cel", site="skin"),
        np.array(times),
        np.array(values),
        np.full(len(times), 1.0),
    )


def test_medians_of_five_minutes_ignore_a_short_disturbance() -> None:
    values = np.full(900, 36.6)
    values[100:200] = 30.0  # the probe was off the skin
    series = temperature(np.arange(900.0).tolist(), values.tolist())
    assert five_minute_medians(series, Spans.of([(0.0, 900.0)])).tolist() == [36.6] * 3


def test_spot_readings_count_once_each_and_only_where_they_were_taken() -> None:
    series = temperature([-10.0, 400.0, 1300.0, 2000.0], [36.0, 36.8, 36.9, 38.0])
    assert five_minute_medians(series, Spans.of([(0.0, 2000.0)])).tolist() == [36.8, 36.9]


def test_missing_values_make_no_median() -> None:
    series = temperature([10.0, 400.0], [math.nan, 36.8])
    assert five_minute_medians(series, Spans.of([(0.0, 600.0)])).tolist() == [36.8]
    assert len(five_minute_medians(series, Spans.of([(0.0, 300.0)]))) == 0
