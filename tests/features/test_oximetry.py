"""Heart rate and saturation in sliding windows: moments, lows, coupling, coverage."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from joey.features import (
    OximetryWindows,
    measure_heart_saturation,
    measure_oximetry_windows,
)
from joey.signals import Channel, Series
from joey.spans import Spans

Floats = NDArray[np.float64]
START = 1_700_000_000.0


def series(quantity: str, values: Floats) -> Series:
    times = START + np.arange(float(len(values)))
    return Series(Channel(quantity), times, values, np.ones(len(values)))


def infant(seconds: int, missing: float = 0.0) -> tuple[Series, Series]:
    rng = np.random.default_rng(4)
    slow = np.convolve(rng.normal(0, 1, seconds + 59), np.ones(60) / 8, "valid")
    rate = np.rint(150 + 8 * slow + rng.normal(0, 2, seconds))
    spo2 = np.rint(np.clip(90 + 5 * slow, 60, 100))
    gone = np.convolve(rng.random(seconds) < missing / 30, np.ones(30))[:seconds] > 0
    spo2[gone] = np.nan
    return series("heart_rate", rate), series("spo2", spo2)


def test_every_number_is_that_of_the_window_alone() -> None:
    rate, spo2 = infant(3 * 3600, missing=0.1)
    found = measure_oximetry_windows(rate, spo2, step_s=120.0)
    assert len(found) == (3 * 3600 - 600) // 120 + 1
    assert np.any(found.spo2_coverage < 0.8)
    for k in range(0, len(found), 7):
        first = round(found.start[k] - START)
        x, y = (each.values[first : first + 600 : 2] for each in (rate, spo2))
        seen = y[np.isfinite(y)]
        assert found.spo2_coverage[k] == len(seen) / 300
        assert found.rate_mean[k] == pytest.approx(x.mean())
        assert found.rate_sd[k] == pytest.approx(x.std(ddof=1))
        assert found.rate_skewness[k] == pytest.approx(stats.skew(x))
        assert found.rate_kurtosis[k] == pytest.approx(stats.kurtosis(x))
        alone = measure_heart_saturation(rate, spo2, float(found.start[k]))
        assert found.pairs[k] == alone.pairs
        if len(seen) < 240:
            assert np.isnan([found.spo2_mean[k], found.spo2_below_85[k]]).all()
            continue
        assert found.spo2_mean[k] == pytest.approx(seen.mean())
        assert found.spo2_kurtosis[k] == pytest.approx(stats.kurtosis(seen))
        assert found.spo2_below_85[k] == pytest.approx(100 * np.mean(seen < 85))
        assert (found.correlation[k], found.lag_s[k]) == (alone.value, alone.lag_s)


def test_windows_say_the_same_whatever_else_is_measured() -> None:
    """Also where more windows are asked for than are laid out at once."""
    rate, spo2 = infant(4 * 3600)
    every = measure_oximetry_windows(rate, spo2, step_s=10.0)
    assert len(every) > 1024
    some = measure_oximetry_windows(
        rate, spo2, step_s=10.0, within=Spans.of([(START + 11_000, START + 12_000)])
    )
    at = np.searchsorted(every.start, some.start)
    for name in OximetryWindows.__slots__:
        assert np.array_equal(getattr(some, name), getattr(every, name)[at], equal_nan=True), name


def test_a_saturation_that_does_not_move_has_a_mean_and_no_shape() -> None:
    rate, _ = infant(600)
    found = measure_oximetry_windows(rate, series("spo2", np.full(600, 97.0)))
    assert (found.spo2_mean.tolist(), found.spo2_sd.tolist()) == ([97.0], [0.0])
    assert np.isnan([found.spo2_skewness, found.spo2_kurtosis, found.correlation]).all()


def test_too_short_a_recording_has_no_window() -> None:
    rate, spo2 = infant(599)
    assert len(measure_oximetry_windows(rate, spo2)) == 0
    nothing = series("spo2", np.empty(0))
    assert len(measure_oximetry_windows(series("heart_rate", np.empty(0)), nothing)) == 0


@pytest.mark.parametrize("step_s", [0.0, -2.0, 3.0, 7.0, 400.0, 1200.0])
def test_a_step_that_does_not_fit_is_refused(step_s: float) -> None:
    with pytest.raises(ValueError, match="divides 600 s"):
        measure_oximetry_windows(*infant(1200), step_s=step_s)


def test_thirty_years_without_a_value_have_no_windows() -> None:
    rate, spo2 = infant(3600)
    apart = 30 * 365.25 * 86_400.0
    far = [
        Series(
            each.channel,
            np.concatenate((each.times, each.times + apart)),
            np.tile(each.values, 2),
            np.ones(2 * 3600),
        )
        for each in (rate, spo2)
    ]
    alone, both = measure_oximetry_windows(rate, spo2), measure_oximetry_windows(*far)
    assert np.array_equal(both.rate_sd[:6], alone.rate_sd)
    assert np.array_equal(both.start[6:], START + apart + 600.0 * np.arange(len(both) - 6))
    assert 11 <= len(both) <= 13
