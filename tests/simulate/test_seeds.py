"""One seed, many streams: names alone decide the numbers."""

import numpy as np
import pytest

from joey.simulate.seeds import band_noise, memory_noise, poisson_times, slow_noise, stream


def test_a_stream_is_its_seed_and_name() -> None:
    one = stream(7, "ecg", "noise").standard_normal(5)

    assert np.array_equal(one, stream(7, "ecg", "noise").standard_normal(5))
    for other in (stream(8, "ecg", "noise"), stream(7, "ecg"), stream(7, "ecg", "motion")):
        assert not np.array_equal(one, other.standard_normal(5))


@pytest.mark.parametrize("memory", [5.0, 50.0, 300.0])
def test_memory_noise_has_unit_sd_and_its_memory(memory: float) -> None:
    """Over 2,000 memories the SD is 1 within 5 %, and the lag-1 correlation is exp(-1/memory)."""
    wave = memory_noise(stream(1, "test"), int(2000 * memory), memory, 1.0)

    assert np.std(wave) == pytest.approx(1, rel=0.05)
    lag = round(memory)
    assert np.mean(wave[lag:] * wave[:-lag]) == pytest.approx(np.exp(-1), abs=0.06)


def test_memory_noise_starts_in_its_stationary_distribution() -> None:
    first = [memory_noise(stream(seed, "start"), 2, 1000.0, 1.0)[0] for seed in range(400)]

    assert np.std(first) == pytest.approx(1, rel=0.1)


def test_slow_noise_keeps_its_sd_between_its_grid_points() -> None:
    times = np.arange(0, 200_000.0)

    assert np.std(slow_noise(stream(2, "slow"), times, 100.0)) == pytest.approx(1, rel=0.08)


def test_band_noise_lies_in_its_band() -> None:
    """At least 90 % of the power is between the edges, at unit SD."""
    times = np.arange(0, 4000, 0.1)
    wave = band_noise(stream(3, "band"), times, 0.04, 0.2)
    power = np.abs(np.fft.rfft(wave)) ** 2
    frequency = np.fft.rfftfreq(len(wave), 0.1)
    inside = (frequency > 0.035) & (frequency < 0.23)

    assert power[inside].sum() / power.sum() > 0.9
    assert np.std(wave) == pytest.approx(1, rel=0.05)


def test_poisson_times_come_at_their_rate() -> None:
    """A thousand expected events: the count is within four SD; none where the rate is zero."""
    rate = np.concatenate((np.full(50_000, 0.02), np.zeros(50_000)))
    times = poisson_times(stream(4, "poisson"), rate, 1.0)

    assert len(times) == pytest.approx(1000, abs=4 * np.sqrt(1000))
    assert times.max() < 50_000
    assert np.all(np.diff(times) > 0)
