"""Heart rate and saturation together: lag, sign, what must be measured."""

import numpy as np
import pytest
from numpy.typing import NDArray

from joey.features import measure_heart_saturation
from joey.features.coupling import cross_correlate, slide_cross_correlation
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
    x, y = (np.round(100 + rng.normal(0, 9, 300), 3) for _ in "xy")
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
    x, y = (np.round(rng.normal(0, 9, 300), 1) for _ in "xy")
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


def test_a_window_says_the_same_alone_and_among_others() -> None:
    """What comes before and after a window, and how windows are stretched, change no bit."""
    rng = np.random.default_rng(3)
    count = 3 * 720 + 500  # more windows than are taken at once, at a step of one
    x = np.round(150 + np.cumsum(rng.normal(0, 1, count)) * 0.5, 1)
    y = np.rint(np.clip(94 + np.cumsum(rng.normal(0, 0.3, count)), 60, 100))
    for each in (x, y):
        for place in rng.integers(0, count, 12):
            each[place : place + rng.integers(1, 60)] = np.nan
    found = slide_cross_correlation(x, y, step=1)
    assert np.isnan(found.value).any()
    for k in (0, 1, 719, 720, 1440, *rng.integers(0, len(found.value), 40)):
        alone = cross_correlate(x[k : k + 300], y[k : k + 300])
        among = (found.value[k], found.lag_s[k], found.pairs[k])
        np.testing.assert_array_equal((alone.value, alone.lag_s, alone.pairs), among)
        np.testing.assert_allclose(among, plainly(x[k : k + 300], y[k : k + 300]), rtol=1e-9)


@pytest.mark.parametrize(("length", "step"), [(300, 15), (300, 300), (150, 50), (60, 3)])
def test_windows_are_those_of_the_plain_sums(length: int, step: int) -> None:
    """Any length and step gives what plain NumPy says of each window."""
    rng = np.random.default_rng(4)
    x = np.rint(150 + rng.normal(0, 9, 901))
    y = np.rint(94 + rng.normal(0, 1, 901))
    y[400:420] = np.nan
    found = slide_cross_correlation(x, y, length=length, step=step)
    assert len(found.value) == (901 - length) // step + 1
    for k in range(len(found.value)):
        part = slice(k * step, k * step + length)
        among = (found.value[k], found.lag_s[k], found.pairs[k])
        np.testing.assert_allclose(among, plainly(x[part], y[part]), rtol=1e-9)


def plainly(x: Floats, y: Floats) -> tuple[float, float, float]:
    """Return value, lag and share of pairs of one window, from the definition."""
    known = np.isfinite(x) & np.isfinite(y)
    share = float(known.mean())
    if share < 0.8 or np.nanmax(x) == np.nanmin(x) or np.nanmax(y) == np.nanmin(y):
        return np.nan, np.nan, share
    x, y, n = x - np.nanmean(x), y - np.nanmean(y), len(x)
    best, at = -np.inf, np.nan
    for lag in sorted(range(-15, 16), key=abs):
        a, b = x[max(0, -lag) : n - max(0, lag)], y[max(0, lag) : n - max(0, -lag)]
        both = np.isfinite(a) & np.isfinite(b)
        power = np.sum(a[both] ** 2) * np.sum(b[both] ** 2)
        if both.sum() < 0.8 * (n - abs(lag)) or power <= 0:
            continue
        value = np.sum(a[both] * b[both]) / np.sqrt(power)
        if value > best + 1e-12:
            best, at = value, 2.0 * lag
    return (best, at, share) if np.isfinite(at) else (np.nan, np.nan, share)


def test_what_no_heart_rate_can_be_is_refused() -> None:
    x = np.full(300, 150.0)
    with pytest.raises(ValueError, match="lie within"):
        cross_correlate(x, np.where(np.arange(300) == 7, 1e6, 94.0))
