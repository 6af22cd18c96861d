"""The lower builders: what tests of detectors lay their truth into."""

from fractions import Fraction

import numpy as np
import pytest
from scipy.interpolate import CubicSpline
from scipy.signal import find_peaks

from joey.signals import Signal
from joey.simulate import (
    simulate_beats,
    simulate_breaths,
    simulate_ecg,
    simulate_impedance,
    simulate_numeric,
    simulate_pleth,
    simulate_rr,
)
from joey.spans import Spans

MS = 1e-3  # s


def summit(wave: np.ndarray, fs: float, near: float, reach: float) -> float:
    """Return when a wave peaks nearest a time, between its samples. [s]"""
    lo = max(round((near - reach) * fs), 3)
    k = lo + int(np.argmax(wave[lo : round((near + reach) * fs) + 1]))
    fine = np.arange(k - 1, k + 1, 0.01)
    return (
        float(fine[np.argmax(CubicSpline(np.arange(k - 3, k + 4), wave[k - 3 : k + 4])(fine))]) / fs
    )


@pytest.mark.parametrize("rate", [30, 60, 150, 230, 300])
def test_beats_come_at_the_mean_rate(rate: float) -> None:
    """The mean rate of ten minutes is as asked within 1 %."""
    beats = simulate_beats(600, rate, seed=1)

    assert 60 / np.mean(np.diff(beats)) == pytest.approx(rate, rel=0.01)
    assert beats[0] >= 0
    assert beats[-1] < 600


def test_without_variability_the_heart_is_a_clock() -> None:
    assert simulate_rr(60, 150, variability=0) == pytest.approx(400, abs=1e-6)


def test_intervals_are_those_between_beats() -> None:
    beats = simulate_beats(120, 140, seed=5)

    assert np.array_equal(simulate_rr(120, 140, seed=5), np.diff(beats) * 1000)


def test_variability_is_that_of_preterm_infants() -> None:
    """Per 5 min at 150 /min: SDNN 4-20 ms, RMSSD 2-8 ms, SD2 well above SD1."""
    rr = simulate_rr(7200, 150, seed=3)
    for part in np.array_split(rr, 24):
        sdnn = np.std(part, ddof=1)
        rmssd = np.sqrt(np.mean(np.diff(part) ** 2))
        assert 4 < sdnn < 20
        assert 2 < rmssd < 8
        assert sdnn > 1.1 * rmssd


def test_variability_scales() -> None:
    """Twice the variability, twice the SDNN, within 5 %."""
    one, two = (np.std(simulate_rr(600, 150, seed=2, variability=v)) for v in (0.5, 1.0))

    assert two == pytest.approx(2 * one, rel=0.05)


@pytest.mark.parametrize("polarity", [1, -1])
@pytest.mark.parametrize("fs", [250, 500])
def test_the_qrs_peaks_at_its_beat(polarity: int, fs: int) -> None:
    """Without noise the largest deflection is within 0.5 ms of the truth, beat by beat."""
    beats = simulate_beats(60, 150, seed=1)
    beats = beats[(beats > 0.5) & (beats < 59)]
    ecg = simulate_ecg(beats, fs, seconds=60, noise=0, wander=0, hum=0, polarity=polarity)
    wave = polarity * ecg.values
    error = [summit(wave, fs, beat, 0.02) - beat for beat in beats]

    assert np.max(np.abs(error)) < 0.5 * MS


@pytest.mark.parametrize("rate", [30, 100, 200, 300])
def test_no_wave_but_qrs_is_steep(rate: float) -> None:
    """At any rate the steepest 20 ms lie within 60 ms of a beat: P and T stay slow."""
    beats = simulate_beats(30, rate, seed=4)
    ecg = simulate_ecg(beats, 250, seconds=30, noise=0, wander=0, hum=0, t_wave=2.0)
    slope = np.abs(np.diff(ecg.values))
    far = np.min(np.abs(np.arange(len(slope))[:, None] / 250 - beats[None, :]), axis=1) > 0.06

    assert slope[far].max() < 0.35 * slope.max()


def test_the_t_wave_follows_its_factor() -> None:
    """An inverted T wave leaves the QRS where and as it was."""
    beats = np.arange(1, 9, 0.4)
    up, down = (simulate_ecg(beats, noise=0, wander=0, hum=0, t_wave=t).values for t in (1.0, -1.0))
    at_t, at_r = (np.rint((beats[:-1] + shift) * 250).astype(int) for shift in (0.2, 0.0))

    assert np.all(up[at_t] > 0.05)
    assert np.all(down[at_t] < -0.05)
    assert up[at_r] == pytest.approx(down[at_r], abs=0.02)


def test_noise_is_as_asked() -> None:
    """Between beats the SD is that of the noise within 10 %."""
    ecg = simulate_ecg(np.empty(0), seconds=60, noise=0.05, wander=0, hum=0, seed=2)

    assert np.std(ecg.values) == pytest.approx(0.05, rel=0.1)


def test_one_seed_makes_the_same_counts() -> None:
    beats = simulate_beats(20, seed=1)
    one, two, other = (simulate_ecg(beats, seed=seed).segments[0].counts for seed in (1, 1, 2))

    assert np.array_equal(one, two)
    assert not np.array_equal(one, other)


def test_breaths_come_at_their_rate_and_spread() -> None:
    """Rate within 4 %, and the breath interval's relative SD near what was asked."""
    breaths = simulate_breaths(3600, 50, seed=1, variability=0.22)
    gaps = np.diff(breaths)

    assert 60 / gaps.mean() == pytest.approx(50, rel=0.04)
    assert np.std(gaps) / gaps.mean() == pytest.approx(0.22, abs=0.04)


def test_no_breath_starts_in_a_stop() -> None:
    """A stop of 20 s leaves a pause of 19.5 to 22.5 s between ends of inspiration."""
    breaths = simulate_breaths(120, 50, seed=2, stops=Spans.of([(50.0, 70.0)]))

    assert 19.5 < np.max(np.diff(breaths)) < 22.5


def test_impedance_peaks_at_the_end_of_inspiration() -> None:
    """Without dirt each breath's summit is within 60 ms of its time."""
    breaths = simulate_breaths(120, 45, seed=3)
    breaths = breaths[(breaths > 2) & (breaths < 117)]
    resp = simulate_impedance(breaths, seconds=120, noise=0, spread=0.1, seed=1)
    error = [summit(resp.values, 62.5, t, 0.2) - t for t in breaths]

    assert resp.fs == Fraction(125, 2)
    assert np.max(np.abs(error)) < 60 * MS


def test_the_heart_shows_in_the_impedance_at_its_share() -> None:
    """In a pause the artifact is as high as asked, and it comes once per beat."""
    beats = np.arange(0.2, 60, 0.4)
    still = simulate_impedance(np.empty(0), beats, seconds=60, cardiac=0.2, noise=0, seed=1)
    whole = simulate_impedance(np.empty(0), beats, seconds=60, cardiac=0, noise=0, seed=1)
    heart = (still.values - whole.values)[200:-200]

    assert np.ptp(heart) == pytest.approx(0.2 * 0.8, rel=0.15)
    spectrum = np.abs(np.fft.rfft(heart - heart.mean()))
    assert np.fft.rfftfreq(len(heart), 1 / 62.5)[spectrum.argmax()] == pytest.approx(2.5, abs=0.05)


def test_the_holder_breathes_in_the_adult_band() -> None:
    """Most of what the holder adds lies between 0.15 and 0.6 Hz."""
    none, held = (
        simulate_impedance(np.empty(0), seconds=600, holder=h, noise=0, seed=1).values
        for h in (0.0, 0.5)
    )
    added = held - none
    power = np.abs(np.fft.rfft(added - added.mean())) ** 2
    frequency = np.fft.rfftfreq(len(added), 1 / 62.5)

    assert power[(frequency > 0.15) & (frequency < 0.6)].sum() / power.sum() > 0.8


@pytest.mark.parametrize("rate", [80, 150, 220])
def test_each_beat_has_one_pulse_after_its_transit(rate: float) -> None:
    """As many pulses as beats, each peaking 0.2 to 0.32 s after its QRS."""
    beats = simulate_beats(60, rate, seed=2)
    pleth = simulate_pleth(beats, seconds=61, noise=0, seed=2)
    peaks = find_peaks(pleth.values, prominence=0.3)[0] / 125
    late = peaks[:, None] - beats[None, :]
    since = np.min(np.where(late > 0.12, late, np.inf), axis=1)

    assert abs(len(peaks) - len(beats)) <= 1
    assert np.all((since > 0.2) & (since < 0.32))


def test_a_numeric_has_its_mean_sd_memory_and_shift() -> None:
    shifts = np.where(np.arange(40_000) < 20_000, 0.0, 7.0)
    numeric = simulate_numeric(20, 3, 150, 40_000, seed=1, shifts=shifts)
    values = numeric.values - shifts

    assert numeric.channel.unit == "/min"
    assert values.mean() == pytest.approx(150, abs=0.5)
    assert values.std() == pytest.approx(3, rel=0.1)
    rest = values - values.mean()
    assert np.mean(rest[20:] * rest[:-20]) / rest.var() == pytest.approx(np.exp(-1), abs=0.07)


def test_a_rounded_numeric_lies_on_its_grid() -> None:
    numeric = simulate_numeric(20, 2, 94, 600, quantity="spo2", quantum=1)

    assert np.all(numeric.values == np.rint(numeric.values))
    assert numeric.channel.unit == "%"


@pytest.mark.parametrize(
    "signal",
    [
        simulate_ecg(np.arange(1.0, 3.0, 0.4)),
        simulate_impedance(np.arange(1.0, 6.0)),
        simulate_pleth(np.arange(1.0, 3.0, 0.4)),
        simulate_numeric(20, 1, 150, 10),
    ],
    ids=lambda signal: signal.channel.quantity,
)
def test_every_built_signal_says_simulated(signal: Signal) -> None:
    assert "simulated" in signal.channel.source
