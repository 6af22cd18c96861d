"""Heart rate and saturation together: lag, sign, what must be measured."""

import numpy as np
import pytest
from numpy.typing import NDArray

from joey.features import measure_heart_saturation
from joey.features.coupling import cross_correlate
from joey.signals import Channel, Series

Floats = NDArray[np.float64]


def falls(seconds: int, delay: int, seed: int = 0) -> Floats:
    """Return a series with dips of about 20 s at random places, delayed by some seconds."""
    rng = np.random.default_rng(seed)
    out = np.zeros(seconds)
    for place in rng.integers(40, seconds - 40, 6):
        out -= np.exp(-0.5 * ((np.arange(seconds) - place - delay) / 8.0) ** 2)
    return out


def series(quantity: str, values: Floats) -> Series:
    return Series(Channel(quantity), np.arange(float(len(values))), values, np.ones(len(values)))


def found_for(delay: int, sign: float = 1.0) -> tuple[float, float]:
    rate = series("heart_rate", 150 + 40 * falls(600, 0))
    saturation = series("spo2", 95 + 12 * sign * falls(600, delay))
    found = measure_heart_saturation(rate, saturation, 0.0)
    return found.value, found.lag_s


@pytest.mark.parametrize("delay", [-12, 0, 8, 20])
def test_the_lag_of_saturation_behind_heart_rate_is_found(delay: int) -> None:
    value, lag = found_for(delay)
    assert lag == delay
    assert value > 0.95


def test_it_is_positive_where_both_fall_and_not_where_one_rises() -> None:
    value, _ = found_for(0, sign=-1.0)
    assert value < 0.3


def test_it_is_the_normalised_sum_at_each_lag() -> None:
    rng = np.random.default_rng(1)
    x, y = rng.normal(0, 1, 300), rng.normal(0, 1, 300)
    y[40:60] = np.nan
    x0, y0 = x - x.mean(), y - np.nanmean(y)
    expected = {}
    for lag in range(-15, 16):
        a = x0[max(0, -lag) : 300 - max(0, lag)]
        b = y0[max(0, lag) : 300 - max(0, -lag)]
        both = np.isfinite(b)
        expected[lag] = np.sum(a[both] * b[both]) / np.sqrt(
            np.sum(a[both] ** 2) * np.sum(b[both] ** 2)
        )
    best = max(expected, key=lambda lag: expected[lag])
    found = cross_correlate(x, y)
    assert found.lag_s == 2.0 * best
    assert found.value == pytest.approx(expected[best])


def test_level_and_scale_do_not_matter() -> None:
    rng = np.random.default_rng(2)
    x, y = rng.normal(0, 1, 300), rng.normal(0, 1, 300)
    assert cross_correlate(140 + 7 * x, 90 + 2 * y).value == pytest.approx(
        cross_correlate(x, y).value
    )


def test_with_a_quarter_missing_nothing_can_be_said() -> None:
    x, y = falls(300, 0), falls(300, 0)
    y[100:175] = np.nan
    found = cross_correlate(x, y)
    assert np.isnan(found.value)
    assert np.isnan(found.lag_s)
    assert found.pairs == pytest.approx(0.75)


def test_a_saturation_that_does_not_move_is_not_correlated() -> None:
    assert np.isnan(cross_correlate(falls(300, 0), np.full(300, 94.1)).value)
