"""Frequency bands: known powers, the oracle of SciPy, gaps, the infant's own breathing."""

import math

import numpy as np
import pytest
import scipy.signal
from numpy.typing import NDArray

from joey.features import BandPower, measure_band_power
from joey.features.spectrum import _densities

Floats = NDArray[np.float64]


def modulated(hz: float, amplitude: float, seconds: float = 300.0, start: float = 0.0) -> Floats:
    """Return beat times of a heart at 150 beats/min whose intervals swing at one frequency. [s]"""
    times = [start]
    while times[-1] < start + seconds:
        swing = amplitude * math.sin(2 * math.pi * hz * (times[-1] - start))
        times.append(times[-1] + (400.0 + swing) / 1000.0)
    return np.array(times)


def power_of(times: Floats, **options: tuple[float, float]) -> BandPower:
    return measure_band_power(times[:-1], np.diff(times) * 1000.0, **options)


@pytest.mark.parametrize(("hz", "band"), [(0.02, "vlf"), (0.1, "lf"), (0.4, "hf")])
def test_a_swing_has_half_its_squared_amplitude_in_its_band_and_nothing_elsewhere(
    hz: float, band: str
) -> None:
    found = power_of(modulated(hz, 10.0))
    powers = {"vlf": found.vlf, "lf": found.lf, "hf": found.hf}
    assert powers.pop(band) == pytest.approx(50.0, rel=0.12)
    assert max(powers.values()) < 2.5


def test_scipys_welch_gives_the_same_density() -> None:
    even = np.random.default_rng(1).normal(400, 10, 1500)
    (density,), (segments,) = _densities(even[None])
    _, expected = scipy.signal.welch(even, 4.0, nperseg=480, detrend="linear")
    assert segments == 5
    assert density[1:-1] == pytest.approx(expected[1:-1], rel=1e-9)


def test_high_frequencies_end_at_half_the_heart_rate() -> None:
    assert power_of(modulated(0.1, 5.0)).top_hz == pytest.approx(1.25, rel=0.01)


def test_breathing_falls_into_the_band_of_the_infants_own_breathing() -> None:
    found = power_of(modulated(0.8, 6.0), breathing_hz=(0.7, 0.9))
    assert found.rsa > 0.9 * found.hf
    assert found.hf > 10 * found.lf
    assert power_of(modulated(0.8, 6.0), breathing_hz=(0.3, 0.5)).rsa < 0.05 * found.hf


@pytest.mark.parametrize("hz", [0.5, 0.65, 0.8, 0.95, 1.1, 1.2])
def test_breathing_has_its_whole_power_and_hf_says_where_it_has_not(hz: float) -> None:
    """Half of the squared amplitude, 50 ms²; interpolated, 65 % are left at 0.8, 35 % at 1.1 Hz."""
    times = modulated(hz, 10.0)
    found = power_of(times, breathing_hz=(hz - 0.1, min(hz + 0.1, 1.25)))
    assert found.rsa == pytest.approx(50.0, rel=0.01)
    assert found.whole_hz == pytest.approx(0.65, rel=0.01)
    assert (found.hf > 0.79 * 50.0) == (hz <= 0.65)


def test_breathing_on_uneven_beats_is_measured_as_well() -> None:
    """A slow wave five times as strong, wandering level, beats left out: none leaks into it."""
    times = [0.0]
    rng = np.random.default_rng(5)
    while times[-1] < 300.0:
        t = times[-1]
        swing = 4.0 * math.sin(2 * math.pi * 0.9 * t) + 20.0 * math.sin(2 * math.pi * 0.08 * t)
        times.append(t + (400.0 + swing + 0.1 * t + rng.normal(0, 0.2)) / 1000.0)
    rr = np.diff(times) * 1000.0
    kept = np.flatnonzero(rng.random(len(rr)) > 0.01)
    found = measure_band_power(np.array(times)[kept], rr[kept], breathing_hz=(0.8, 1.0))
    assert found.rsa == pytest.approx(8.0, rel=0.06)


def test_white_noise_has_the_same_density_either_way() -> None:
    """Where interpolation takes nothing away: below 0.2 Hz."""
    rr = 400.0 + np.random.default_rng(6).normal(0, 5, 3000)
    times = np.concatenate(([0.0], np.cumsum(rr))) / 1000.0
    found = power_of(times, breathing_hz=(0.04, 0.2))
    assert found.rsa == pytest.approx(found.lf, rel=0.03)
    fast = power_of(times, breathing_hz=(0.8, 1.2)).rsa
    assert fast == pytest.approx(2 * 25.0 * 0.4 * 0.4, rel=0.1)


def test_breathing_faster_than_beats_can_show_has_no_number() -> None:
    assert math.isnan(power_of(modulated(0.1, 5.0), breathing_hz=(1.2, 1.6)).rsa)
    assert math.isnan(power_of(modulated(0.1, 5.0)).rsa)


def test_two_missing_beats_are_bridged_and_more_are_not() -> None:
    times = modulated(0.1, 10.0)
    rr = np.diff(times) * 1000.0
    whole = measure_band_power(times[:-1], rr)
    two = np.delete(np.arange(len(rr)), [300, 301])
    bridged = measure_band_power(times[two], rr[two])
    assert bridged.segments == whole.segments == 4
    assert bridged.lf == pytest.approx(whole.lf, rel=0.02)
    four = np.delete(np.arange(len(rr)), [300, 301, 302, 303])
    assert measure_band_power(times[four], rr[four]).segments < 4


def test_a_gap_in_the_middle_of_every_segment_leaves_no_spectrum() -> None:
    times = modulated(0.1, 10.0)
    rr = np.diff(times) * 1000.0
    keep = (np.arange(len(rr)) % 200) < 190
    found = measure_band_power(times[:-1][keep], rr[keep])
    assert math.isnan(found.lf)
    assert found.reason == "no two unbroken stretches of 2 min"


def test_a_shift_in_time_changes_nothing() -> None:
    here, now = power_of(modulated(0.1, 10.0)), power_of(modulated(0.1, 10.0, start=1.78e9))
    assert now.lf == pytest.approx(here.lf, rel=1e-4)


def test_too_few_intervals_have_no_spectrum() -> None:
    assert measure_band_power(np.arange(3.0), np.full(3, 1000.0)).segments == 0
