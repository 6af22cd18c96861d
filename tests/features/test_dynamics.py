"""Entropy, scaling and capacity: against plain oracles, with invariances and breaks."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from joey.features import (
    measure_acceleration_capacity,
    measure_alpha1,
    measure_deceleration_capacity,
    measure_sample_entropy,
)
from joey.features.entropy import count_matches

Floats = NDArray[np.float64]


def ar1(n: int, memory: float, seed: int, sd: float = 10.0, mean: float = 400.0) -> Floats:
    rng = np.random.default_rng(seed)
    out = np.empty(n)
    level = rng.normal()
    for k in range(n):
        level = memory * level + math.sqrt(1 - memory**2) * rng.normal()
        out[k] = level
    return mean + sd * out


def plain_counts(x: list[int | None], m: int, tolerance: int) -> tuple[int, int]:
    """Return A and B by comparing every pair of templates."""
    starts = [k for k in range(len(x) - m) if None not in x[k : k + m + 1]]
    a = b = 0
    for p, i in enumerate(starts):
        for j in starts[p + 1 :]:
            apart = [abs(x[i + k] - x[j + k]) for k in range(m + 1)]  # type: ignore[operator]
            b += max(apart[:m]) <= tolerance
            a += max(apart) <= tolerance
    return a, b


class TestSampleEntropy:
    @settings(max_examples=60)
    @given(
        x=st.lists(st.one_of(st.none(), st.integers(0, 12)), max_size=40),
        m=st.integers(1, 4),
        tolerance=st.integers(0, 4),
    )
    def test_counts_are_those_of_every_pair(
        self, x: list[int | None], m: int, tolerance: int
    ) -> None:
        known = np.array([each is not None for each in x], dtype=np.bool_)
        ticks = np.array([0 if each is None else each for each in x], dtype=np.int32)
        assert count_matches(ticks, known, m, tolerance) == plain_counts(x, m, tolerance)

    def test_a_difference_equal_to_the_tolerance_is_a_match(self) -> None:
        ticks = np.array([0, 3, 0, 3, 0, 3], dtype=np.int32)
        known = np.ones(6, dtype=np.bool_)
        assert count_matches(ticks, known, 2, 3) == (6, 6)
        assert count_matches(ticks, known, 2, 2) == (2, 2)

    def test_times_in_seconds_of_this_century_count_as_the_grid_does(self) -> None:
        """Distances of exactly the tolerance must not be lost to the rounding of a time."""
        rng = np.random.default_rng(2)
        steps = rng.integers(95, 105, 600)
        grid = steps * 4.0
        times = 1.78e9 + np.concatenate(([0], np.cumsum(steps))) * 0.004
        floating = np.diff(times) * 1000.0
        assert not np.array_equal(floating, grid)
        share = 12.0 / float(np.std(grid, ddof=1))
        expected = measure_sample_entropy(grid, m=2, r=share)
        # Of the floats' own SD the tolerance would be a hair different: hold it at 12 ms.
        of_floats = 12.0 / float(np.std(floating, ddof=1))
        found = measure_sample_entropy(floating, m=2, r=of_floats, tick_ms=0.001)
        assert (found.a, found.b) == (expected.a, expected.b)
        assert expected.a == plain_counts([int(each) for each in steps], 2, 3)[0]

    def test_level_and_scale_do_not_matter(self) -> None:
        nn = np.rint(ar1(400, 0.8, 1))
        plain = measure_sample_entropy(nn)
        assert measure_sample_entropy(nn + 55.0).value == plain.value
        assert measure_sample_entropy(nn * 2.0).value == pytest.approx(plain.value)

    def test_a_regular_series_has_less_than_a_random_one(self) -> None:
        wave = 400 + 10 * np.sin(np.arange(500) / 8)
        noise = np.random.default_rng(3).permutation(wave)
        assert measure_sample_entropy(wave).value < 0.3 < measure_sample_entropy(noise).value

    def test_too_few_matches_give_a_reason_and_no_value(self) -> None:
        found = measure_sample_entropy(np.random.default_rng(4).normal(400, 10, 40))
        assert math.isnan(found.value)
        assert found.a < 20
        assert found.reason == f"only {found.a} matches of 4 intervals"

    def test_a_break_costs_only_the_templates_that_cross_it(self) -> None:
        nn = np.rint(ar1(800, 0.8, 5))
        whole = measure_sample_entropy(nn, m=2)
        holed = measure_sample_entropy(np.insert(nn, [200, 400, 600], np.nan), m=2)
        assert whole.b * 0.97 < holed.b < whole.b
        assert holed.value == pytest.approx(whole.value, rel=0.03)


class TestAlpha1:
    def test_is_that_of_line_fits_box_by_box(self) -> None:
        nn = ar1(350, 0.9, 6)
        profile = np.cumsum(nn - nn.mean())
        sizes = np.arange(4, 17)
        swing = []
        for n in sizes:
            left = [
                part - np.polyval(np.polyfit(np.arange(n), part, 1), np.arange(n))
                for part in profile[: len(profile) // n * n].reshape(-1, n)
            ]
            swing.append(math.sqrt(np.mean(np.square(left))))
        slope = np.polyfit(np.log(sizes), np.log(swing), 1)[0]
        assert measure_alpha1(nn) == pytest.approx(slope, rel=1e-9)

    def test_white_and_brown_noise(self) -> None:
        white = np.random.default_rng(7).normal(400, 10, 20_000)
        assert measure_alpha1(white) == pytest.approx(0.5, abs=0.12)  # small boxes lift it
        assert measure_alpha1(400 + np.cumsum(white - 400)) == pytest.approx(1.5, abs=0.12)

    def test_level_and_scale_do_not_matter(self) -> None:
        nn = ar1(400, 0.9, 8)
        assert measure_alpha1(3 * nn + 70) == pytest.approx(measure_alpha1(nn), rel=1e-9)

    def test_no_box_crosses_a_break(self) -> None:
        """A jump of level at a break does not show: it would lift every box across it."""
        nn = ar1(600, 0.5, 9)
        jumped = np.concatenate((nn[:300], [np.nan], nn[300:] + 200.0))
        level = np.concatenate((nn[:300], [np.nan], nn[300:]))
        assert measure_alpha1(jumped) == pytest.approx(measure_alpha1(level), rel=1e-9)
        assert measure_alpha1(level) == pytest.approx(measure_alpha1(nn), abs=0.05)

    def test_below_200_intervals_there_is_none(self) -> None:
        nn = ar1(230, 0.5, 9)
        nn[:31] = np.nan
        assert math.isnan(measure_alpha1(nn))
        assert not math.isnan(measure_alpha1(nn[30:], fewest=100))

    def test_a_flat_series_has_none(self) -> None:
        assert math.isnan(measure_alpha1(np.full(300, 400.0)))


class TestCapacity:
    def test_is_the_formula_of_averaged_windows(self) -> None:
        nn = ar1(500, 0.9, 10)
        anchors = [
            i
            for i in range(50, 450)
            if nn[i : i + 3].mean() > nn[i - 3 : i].mean() and abs(nn[i] / nn[i - 1] - 1) <= 0.05
        ]
        mean = np.mean([nn[i - 50 : i + 50] for i in anchors], axis=0)
        expected = (mean[50] + mean[51] - mean[49] - mean[48]) / 4
        found = measure_deceleration_capacity(nn)
        assert found.value == pytest.approx(expected)
        assert found.anchors == len(anchors)

    @pytest.mark.parametrize("anchor", [1, 3, 5])
    def test_a_gaussian_series_decelerates_as_it_accelerates(self, anchor: int) -> None:
        """Of 40 series the mean of DC + AC is zero within its error."""
        pairs = np.array(
            [
                (
                    measure_deceleration_capacity(nn, anchor=anchor).value,
                    measure_acceleration_capacity(nn, anchor=anchor).value,
                )
                for nn in (ar1(1500, 0.9, seed, sd=8.0) for seed in range(40))
            ]
        )
        reserve = pairs.sum(axis=1)
        assert np.all(pairs[:, 0] > 0)
        assert abs(reserve.mean()) < 3 * reserve.std(ddof=1) / math.sqrt(len(reserve))
        assert abs(reserve.mean()) < 0.05 * pairs[:, 0].mean()

    def test_falls_of_rate_steeper_than_rises_show(self) -> None:
        """A saw tooth: slow shortening, quick lengthening."""
        saw = 400 + np.tile(np.concatenate((np.linspace(0, 30, 4), np.linspace(30, 0, 26))), 30)
        noise = np.random.default_rng(11).normal(0, 0.5, len(saw))
        dc = measure_deceleration_capacity(saw + noise).value
        ac = measure_acceleration_capacity(saw + noise).value
        assert dc > 2 * abs(ac)

    def test_steps_over_five_percent_are_no_anchors_and_counted(self) -> None:
        nn = ar1(400, 0.5, 12, sd=3.0)
        nn[200] += 60.0
        found = measure_deceleration_capacity(nn, anchor=1)
        assert 0 < found.rejected <= 2 / found.anchors
        assert found.value == pytest.approx(
            measure_deceleration_capacity(ar1(400, 0.5, 12, sd=3.0), anchor=1).value, rel=0.15
        )

    def test_a_break_takes_only_the_anchors_beside_it(self) -> None:
        nn = ar1(1000, 0.9, 13)
        whole = measure_deceleration_capacity(nn)
        holed = measure_deceleration_capacity(np.insert(nn, [300, 600], np.nan))
        assert whole.anchors - 14 <= holed.anchors <= whole.anchors
        assert holed.value == pytest.approx(whole.value, rel=0.05)

    def test_too_short_a_series_has_none(self) -> None:
        assert math.isnan(measure_deceleration_capacity(np.full(100, 400.0)).value)
        assert math.isnan(measure_deceleration_capacity(np.full(500, 400.0)).value)

    def test_impossible_settings_are_refused(self) -> None:
        with pytest.raises(ValueError, match="at most reach"):
            measure_deceleration_capacity(np.full(500, 400.0), anchor=5, reach=4)
