"""What no infant has: a number, NaN, or a ValueError that says what was given - nothing else."""

import math

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from joey import features

Floats = NDArray[np.float64]
ODD = st.sampled_from([
    0.0, -0.0, -400.0, 400.0, 401.0, math.inf, -math.inf, math.nan, 5e-324, 1e-300, 1.7e308, 1e12,
])  # fmt: skip
SERIES = arrays(np.float64, st.integers(0, 40), elements=ODD)


def spectrum(nn: Floats) -> object:
    return features.measure_band_power(0.4 * np.arange(len(nn)), nn, breathing_hz=(0.5, 1.0))


OF_INTERVALS = {
    "rate": features.measure_heart_rate,
    "mean": features.measure_mean_nn,
    "sdnn": features.measure_sdnn,
    "rmssd": features.measure_rmssd,
    "pnn": lambda nn: features.measure_pnn(nn, 10.0),
    "poincare": features.measure_poincare,
    "asymmetry": features.measure_asymmetry,
    "dc": lambda nn: features.measure_deceleration_capacity(nn, reach=3),
    "ac": lambda nn: features.measure_acceleration_capacity(nn, reach=3),
    "spectrum": spectrum,
    "breath rate": features.measure_breath_rate,
    "breath variability": features.measure_breath_variability,
    "breath band": features.breathing_band,
}
OF_SERIES = {
    "alpha1": lambda x: features.measure_alpha1(x, fewest=10),
    "fluctuations": lambda x: features.measure_fluctuations(x, np.array([4, 8])),
    "entropy": features.measure_sample_entropy,
    "multiscale": lambda x: features.measure_multiscale_entropy(x, scales=2),
    "cross": lambda x: features.measure_cross_entropy(x, x[::-1]),
}


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("name", OF_INTERVALS | OF_SERIES)
@given(values=SERIES)
@example(values=np.zeros(30))
@example(values=np.tile([0.0, 400.0], 20))
@settings(max_examples=40, deadline=None, derandomize=True)
def test_any_array_has_a_number_nan_or_a_clear_error(name: str, values: Floats) -> None:
    """No ZeroDivisionError, no OverflowError, no warning."""
    try:
        (OF_INTERVALS | OF_SERIES)[name](values)
    except ValueError as error:
        assert any(word in str(error) for word in ("intervals", "values"))  # noqa: PT017


@pytest.mark.parametrize("name", OF_INTERVALS)
@pytest.mark.parametrize("odd", [0.0, -400.0, math.inf, -math.inf, 5e-324, 1e12])
def test_what_is_no_interval_is_refused_by_its_number(name: str, odd: float) -> None:
    nn = np.where(np.arange(20) == 7, odd, 4.0)
    with pytest.raises(ValueError, match=r"not .* \(number 7\)"):
        OF_INTERVALS[name](nn)


def test_no_interval_at_all_has_no_rate() -> None:
    for nothing in (np.empty(0), np.full(5, np.nan)):
        assert math.isnan(features.measure_heart_rate(nothing))
        assert math.isnan(features.measure_rmssd(nothing))
    assert math.isnan(features.measure_breath_rate(np.empty(0)))
    assert all(math.isnan(each) for each in features.breathing_band(np.empty(0)))
    assert math.isnan(spectrum(np.empty(0)).lf)  # type: ignore[attr-defined]


def test_a_spectrum_needs_times_that_rise_and_an_end() -> None:
    nn = np.full(100, 400.0)
    with pytest.raises(ValueError, match="rising"):
        features.measure_band_power(np.zeros(100), nn)
    with pytest.raises(ValueError, match="rising"):
        features.measure_band_power(0.4 * np.arange(99), nn)
    with pytest.raises(ValueError, match="cut it in parts"):
        features.measure_band_power(np.linspace(0, 1e9, 100), nn)


def test_an_infinite_temperature_has_no_class_and_a_clock_no_negative_step() -> None:
    assert features.classify_temperature(math.inf, "axilla") is None
    with pytest.raises(ValueError, match="0 ms or more"):
        features.rmssd_floor(-1.0)
