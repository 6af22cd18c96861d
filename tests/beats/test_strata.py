"""Beats in simulated preterm ECG, in stated strata: what is called good must be found.

The strata add to clean ECG what monitors see. Truth is the simulator's; nothing here is a claim
about infants.
"""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from joey.beats import detect_beats
from joey.quality import bad_spans, doubtful_spans, judge_waveform
from joey.signals import Signal, blank, quantize
from joey.simulate import simulate_beats, simulate_ecg
from joey.spans import Spans, contains, subtract, total, union

SECONDS = 600.0
WITHIN_S = 0.05


def rhythm(kind: str, seed: int) -> NDArray[np.float64]:
    """Return beats around 150/min with falls to 40-80/min or bursts of 220-260/min."""
    rng = np.random.default_rng(seed)
    rr: list[float] = []
    while sum(rr) < SECONDS:
        rr += (0.4 * (1 + 0.02 * rng.standard_normal(100))).tolist()
        if kind == "bradycardia":
            slow = 60 / rng.uniform(40, 80)
            ramp = np.linspace(0.4, slow, 4).tolist()
            rr += ramp + (slow * (1 + 0.03 * rng.standard_normal(8))).tolist() + ramp[::-1]
        if kind == "burst":
            rr += (60 / rng.uniform(220, 260) * (1 + 0.01 * rng.standard_normal(120))).tolist()
    beats = np.cumsum(rr)
    return beats[beats < SECONDS - 0.1]


def moved(ecg: Signal, size: float, seed: int) -> Signal:
    """Return the ECG with ten bouts of motion: a random walk and broad noise."""
    rng = np.random.default_rng(seed)
    values = ecg.values
    for start in rng.uniform(20, SECONDS - 20, 10):
        first, number = int(start * 250), int(rng.uniform(3, 6) * 250)
        walk = np.cumsum(rng.standard_normal(number))
        walk -= np.linspace(walk[0], walk[-1], number)
        noise = size * walk / np.std(walk) + 0.3 * size * rng.standard_normal(number)
        values[first : first + number] += noise
    return quantize(ecg.channel, ecg.fs, 0, values, ecg.scale)


def stratum(name: str) -> tuple[Signal, NDArray[np.float64]]:
    """Return the ECG and the true beats of one stratum."""
    beats = rhythm(name, seed=5)
    noise = {"peak-to-noise 10": 0.1, "peak-to-noise 20": 0.05}.get(name, 0.03)
    wander = 1.0 if name == "wander" else 0.05
    ecg = simulate_ecg(beats, seconds=SECONDS, noise=noise, wander=wander, seed=3)
    if name.startswith("motion"):
        ecg = moved(ecg, {"motion 1 mV": 1.0, "motion 3 mV": 3.0}[name], seed=4)
    if name == "lead-off":
        starts = np.random.default_rng(6).uniform(0, SECONDS - 40, 8)
        ecg = blank(ecg, Spans.of([(start, start + 1 + 4 * k) for k, start in enumerate(starts)]))
    return ecg, beats


def found_share(found: NDArray[np.float64], beats: NDArray[np.float64], where: Spans) -> float:
    """Return the lesser of sensitivity and predictive value inside some spans."""
    inside, told = beats[contains(where, beats)], found[contains(where, found)]
    hit = nearest(found, inside) <= WITHIN_S
    true = nearest(beats, told) <= WITHIN_S
    return float(min(hit.mean(), true.mean())) if len(inside) and len(told) else 1.0


def nearest(among: NDArray[np.float64], times: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return how far the nearest of `among` is from each time. [s]"""
    at = np.searchsorted(among, times)
    before = among[np.clip(at - 1, 0, len(among) - 1)]
    after = among[np.clip(at, 0, len(among) - 1)]
    return np.minimum(np.abs(times - before), np.abs(times - after))


STRATA = {  # the most that may be called bad, as a share of the seconds
    "peak-to-noise 10": 0.0,
    "peak-to-noise 20": 0.0,
    "wander": 0.01,
    "bradycardia": 0.0,
    "burst": 0.0,
    "lead-off": 0.0,
    "motion 1 mV": 0.06,
    "motion 3 mV": 0.10,
}


@pytest.mark.parametrize("name", STRATA)
def test_995_in_1000_beats_are_found_in_seconds_called_good(name: str) -> None:
    """And little is called bad: nothing is gained by exclusion."""
    ecg, beats = stratum(name)
    found = detect_beats(ecg)
    quality = judge_waveform(ecg)
    bad = bad_spans(quality)
    good = subtract(found.searched, union(bad, doubtful_spans(quality)))

    assert total(bad) / SECONDS <= STRATA[name]
    assert total(good) >= 0.8 * total(found.searched)
    assert found_share(found.times, beats, good) >= 0.995


def test_98_in_100_beats_inside_bradycardias_are_found() -> None:
    """Intervals over 600 ms: where detectors fall onto T and P waves."""
    ecg, beats = stratum("bradycardia")
    slow = beats[1:][np.diff(beats) > 0.6]

    hit = nearest(detect_beats(ecg).times, slow) <= WITHIN_S

    assert len(slow) > 80
    assert hit.mean() >= 0.98


@pytest.mark.parametrize(("peak_to_noise", "jitter_ms"), [(20, 0.5), (50, 0.25)])
def test_the_time_of_a_beat_jitters_less_than_a_preterm_heart(
    peak_to_noise: int, jitter_ms: float
) -> None:
    """SD of the R time against truth at 250 Hz, the constant lag taken out."""
    beats = simulate_beats(SECONDS, 150, seed=peak_to_noise)
    ecg = simulate_ecg(beats, seconds=SECONDS, noise=1 / peak_to_noise, hum=0.0, seed=peak_to_noise)

    found = detect_beats(ecg).times
    at = np.clip(np.searchsorted(beats, found - 0.03), 0, len(beats) - 1)
    lag = 1000 * (found - beats[at])
    lag = lag[np.abs(lag) < 50]

    assert len(lag) >= 0.99 * len(beats)
    assert np.std(lag) <= jitter_ms
