"""Time-domain variability: worked cases, identities, invariances, breaks, the timing floor."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from joey.features import (
    measure_asymmetry,
    measure_heart_rate,
    measure_mean_nn,
    measure_pnn,
    measure_poincare,
    measure_rmssd,
    measure_sdnn,
    rmssd_floor,
)

Floats = NDArray[np.float64]
nn_series = arrays(np.float64, st.integers(8, 80), elements=st.floats(250.0, 900.0, width=32))


def broken(nn: Floats, at: list[int]) -> Floats:
    return np.insert(nn, sorted({k % len(nn) for k in at}), np.nan)


def test_worked_case_of_sample_asymmetry() -> None:
    """A case worked by hand."""
    x = np.array([400.0, 402, 398, 405, 395, 400, 430, 401, 399, 400])
    found = measure_asymmetry(x)
    assert (found.r1, found.r2, found.ratio) == pytest.approx((3.0, 93.0, 31.0))


@settings(max_examples=60)
@given(nn_series, st.floats(-100, 100), st.floats(0.5, 2))
def test_sample_asymmetry_ignores_level_and_scale_and_inverts_in_the_mirror(
    nn: Floats, shift: float, factor: float
) -> None:
    nn = np.round(nn)
    ratio = measure_asymmetry(nn).ratio
    mirrored = measure_asymmetry(1000.0 - nn).ratio
    if math.isnan(ratio) or ratio == 0:
        assert math.isnan(mirrored) or mirrored == 0
        return
    assert measure_asymmetry(nn + round(shift)).ratio == pytest.approx(ratio)
    assert measure_asymmetry(nn * factor).ratio == pytest.approx(ratio)
    assert mirrored == pytest.approx(1.0 / ratio)


@settings(max_examples=60)
@given(nn_series)
def test_identities_of_the_poincare_plot(nn: Floats) -> None:
    """RMSSD² = 2 SD1² (n-1)/n + mean(diff)², and SD1² + SD2² = 2 SDNN²."""
    steps = np.diff(nn)
    n = len(steps)
    spread = measure_poincare(nn)
    rmssd = measure_rmssd(nn)
    assert rmssd**2 == pytest.approx(2 * spread.sd1**2 * (n - 1) / n + steps.mean() ** 2)
    if not math.isnan(spread.sd2):
        assert spread.sd1**2 + spread.sd2**2 == pytest.approx(2 * measure_sdnn(nn) ** 2)


def test_sd2_is_not_a_number_where_its_square_is_negative() -> None:
    spread = measure_poincare(np.array([400.0, 420.0, np.nan, 420.0, 400.0, np.nan] * 10))
    assert spread.sd1 > 0
    assert math.isnan(spread.sd2)


@settings(max_examples=60)
@given(nn_series, st.lists(st.integers(1, 200), max_size=5))
def test_no_difference_crosses_a_break(nn: Floats, at: list[int]) -> None:
    holed = broken(nn, at)
    parts = [part[np.isfinite(part)] for part in np.split(holed, np.flatnonzero(np.isnan(holed)))]
    steps = np.concatenate([np.diff(part) for part in parts])
    if len(steps) == 0:
        assert math.isnan(measure_rmssd(holed))
        return
    assert measure_rmssd(holed) == pytest.approx(math.sqrt(np.mean(steps**2)))
    assert measure_pnn(holed, 10.0) == pytest.approx(100 * np.mean(np.abs(steps) > 10.0))
    assert measure_sdnn(holed) == pytest.approx(np.std(nn, ddof=1))


def test_heart_rate_is_beats_over_time_and_not_the_mean_of_rates() -> None:
    nn = np.array([300.0, np.nan, 600.0])
    assert measure_mean_nn(nn) == 450.0
    assert measure_heart_rate(nn) == pytest.approx(2 / 0.9 * 60)


@pytest.mark.parametrize("nn", [np.empty(0), np.array([np.nan]), np.array([400.0])])
def test_too_little_gives_no_number(nn: Floats) -> None:
    assert math.isnan(measure_sdnn(nn))
    assert math.isnan(measure_rmssd(nn))
    assert math.isnan(measure_pnn(nn, 5.0))
    assert math.isnan(measure_poincare(nn).sd1)
    assert math.isnan(measure_asymmetry(nn).ratio)


@pytest.mark.parametrize("fs", [125, 250, 500])
def test_rounding_beats_to_a_clock_gives_the_floor(fs: int) -> None:
    """SD of an interval's error 0.408 Ts, RMSSD of that error 0.707 Ts."""
    step = 1000.0 / fs
    rng = np.random.default_rng(7)
    # Intervals that differ by more than half a step, so that rounding errors are independent.
    true = rng.uniform(0.0, 400.0) + np.cumsum(rng.normal(400.0, 2.0 * step, 40_000))
    nn = np.diff(np.rint(true / step) * step)
    error = nn - np.diff(true)
    assert np.std(error) == pytest.approx(0.408 * step, rel=0.02)
    assert rmssd_floor(step) == pytest.approx(0.7071 * step, rel=1e-4)
    assert measure_rmssd(400.0 + error) == pytest.approx(rmssd_floor(step), rel=0.02)
    clean = measure_rmssd(np.diff(true))
    assert measure_rmssd(nn) ** 2 - clean**2 == pytest.approx(rmssd_floor(step) ** 2, rel=0.1)


def test_the_floor_of_interpolated_times_is_root_six_times_their_error() -> None:
    sigma = 0.3
    rng = np.random.default_rng(8)
    nn = np.diff(np.arange(40_000) * 400.0 + rng.normal(0.0, sigma, 40_000))
    assert measure_rmssd(nn) == pytest.approx(rmssd_floor(math.sqrt(12) * sigma), rel=0.02)
    assert rmssd_floor(math.sqrt(12) * sigma) == pytest.approx(math.sqrt(6) * sigma)
