"""Oxygen: the histogram and time in range, room air, SpO2 over FiO2."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from joey.features import (
    FEATURES,
    Material,
    measure_saturation_histogram,
    measure_saturation_per_oxygen,
    measure_target_time,
    standing,
)
from joey.features.standing import standing_at
from joey.signals import Channel, Series
from joey.spans import Spans


def spo2(values: list[float], step: float = 1.0, start: float = 0.0) -> Series:
    times = start + step * np.arange(len(values))
    return Series(
        Channel("spo2", "%"), times, np.array(values, dtype=float), np.full(len(values), step)
    )


def over(seconds: float) -> Spans:
    return Spans.of([(0.0, seconds)])


saturations = st.lists(st.one_of(st.just(math.nan), st.integers(0, 100)), min_size=1, max_size=60)


@settings(max_examples=80)
@given(saturations, st.integers(70, 92), st.integers(93, 99))
def test_shares_of_valid_time_sum_to_100(values: list[float], low: int, high: int) -> None:
    series, spans = spo2(values), over(len(values))
    histogram = measure_saturation_histogram(series, spans)
    target = measure_target_time(series, spans, low, high, upper=True)
    share_missing = 100.0 * np.mean(np.isnan(values))
    assert histogram.missing == pytest.approx(share_missing)
    assert target.missing == pytest.approx(share_missing)
    if share_missing == 100:
        assert all(math.isnan(each) for each in (*histogram.shares, target.below, target.inside))
        return
    assert sum(histogram.shares) == pytest.approx(100.0)
    assert target.below + target.inside + target.above == pytest.approx(100.0)
    assert min(histogram.shares) >= 0


def test_each_edge_belongs_to_the_bin_above_and_100_to_the_last() -> None:
    histogram = measure_saturation_histogram(
        spo2([0, 79, 80, 84, 85, 90, 95, 97, 98, 100]), over(10)
    )
    assert histogram.shares == pytest.approx((20, 20, 10, 10, 20, 20))


def test_time_counts_and_not_the_number_of_values() -> None:
    times = np.array([0.0, 10.0, 12.0])
    series = Series(Channel("spo2", "%"), times, np.array([85.0, 95.0, 85.0]), np.full(3, 60.0))
    histogram = measure_saturation_histogram(series, over(20.0))
    assert histogram.shares[2] == pytest.approx(90.0)
    assert histogram.mean == pytest.approx(86.0)
    assert histogram.median == 85.0
    assert histogram.missing == 0


def test_both_ends_of_a_target_belong_to_it() -> None:
    found = measure_target_time(spo2([89, 90, 94, 95]), over(4), 90, 94, upper=True)
    assert (found.below, found.inside, found.above) == pytest.approx((25, 50, 25))


def test_in_room_air_nothing_is_above_the_target() -> None:
    found = measure_target_time(spo2([89, 95, 99, 100]), over(4), 90, 94, upper=False)
    assert (found.below, found.inside, found.above) == pytest.approx((25, 75, 0))


@pytest.mark.parametrize("value", [89.9999999, 899 * 0.1 + 0.1, 90.0000001])
def test_a_scaled_count_at_the_limit_is_at_the_limit(value: float) -> None:
    """As for events: 900 counts of 0.1 % are 90 %, however the product was rounded."""
    at_it = spo2([value, value])
    below = next(each for each in FEATURES if each.name == "spo2_below_90")
    found = below.measure(Material(numerics={"spo2": (spo2([value] * 100),)}), over(100))
    assert found.value == 0
    assert measure_target_time(at_it, over(2), 90, 94, upper=True).inside == 100
    assert measure_target_time(at_it, over(2), 80, 90, upper=True).inside == 100
    assert measure_saturation_histogram(at_it, over(2)).shares[3] == 100


def test_without_knowing_of_oxygen_time_above_cannot_be_said() -> None:
    found = measure_target_time(spo2([89, 95, 99, 100]), over(4), 90, 94, upper=None)
    assert found.below == pytest.approx(25)
    assert math.isnan(found.above)
    assert math.isnan(found.inside)
    assert "cannot be said" in found.reason


def test_an_empty_target_is_refused() -> None:
    with pytest.raises(ValueError, match="from low to high"):
        measure_target_time(spo2([90]), over(1), 95, 90, upper=True)


@pytest.mark.parametrize(("unit", "factor"), [("1", 1.0), ("%", 100.0)])
def test_saturation_is_divided_by_the_oxygen_that_stood_then(unit: str, factor: float) -> None:
    fio2 = Series(
        Channel("fio2", unit),
        np.array([0.0, 5.0]),
        np.array([0.25, 0.50]) * factor,
        np.array([60.0, 3.0]),
    )
    ratio = measure_saturation_per_oxygen(spo2([90.0] * 10), fio2, over(10))
    assert ratio.values == pytest.approx([360.0] * 5 + [180.0] * 3)
    assert ratio.total == pytest.approx(8.0)


class TestStanding:
    def test_a_value_stamped_before_the_span_stands_in_it(self) -> None:
        found = standing(spo2([90.0, 92.0], step=60.0), Spans.of([(30.0, 90.0)]))
        assert found.starts.tolist() == [30.0, 60.0]
        assert found.seconds.tolist() == [30.0, 30.0]

    def test_a_value_stands_no_longer_than_it_says_nor_than_the_next_stamp(self) -> None:
        series = Series(
            Channel("spo2", "%"),
            np.array([0.0, 10.0, 100.0]),
            np.array([90.0, 91.0, 92.0]),
            np.full(3, 30.0),
        )
        found = standing(series, Spans.of([(5.0, 20.0), (35.0, 110.0)]))
        assert found.values.tolist() == [90.0, 91.0, 91.0, 92.0]
        assert found.seconds.tolist() == [5.0, 10.0, 5.0, 10.0]

    @settings(max_examples=60)
    @given(
        st.lists(st.tuples(st.floats(0.1, 50), st.floats(0.1, 50)), min_size=1, max_size=12),
        st.lists(st.tuples(st.floats(0, 200), st.floats(0.5, 60)), min_size=1, max_size=4),
    )
    def test_is_the_integral_over_a_fine_grid(
        self, rows: list[tuple[float, float]], parts: list[tuple[float, float]]
    ) -> None:
        times = np.cumsum([gap for gap, _ in rows])
        values = np.arange(1.0, len(rows) + 1)
        series = Series(Channel("spo2", "%"), times, values, np.array([valid for _, valid in rows]))
        spans = Spans.of([(start, start + length) for start, length in parts])
        found = standing(series, spans)
        step = 0.01
        middle = np.arange(0, 300, step) + step / 2
        inside = np.zeros(len(middle), dtype=bool)
        for start, end in spans.bounds:
            inside |= (middle >= start) & (middle < end)
        on_grid = np.nan_to_num(standing_at(series, middle[inside]))
        assert float(found.values @ found.seconds) == pytest.approx(
            float(np.sum(on_grid)) * step, abs=0.02 * len(rows) ** 2 + 0.1
        )

    def test_nothing_stands_in_an_empty_series_or_before_the_first(self) -> None:
        assert standing(spo2([]), over(10)).total == 0
        assert math.isnan(standing(spo2([]), over(10)).mean)
        assert np.isnan(standing_at(spo2([]), np.array([1.0]))).all()
        assert np.isnan(standing_at(spo2([90.0]), np.array([-1.0, 2.0]))).all()
