"""After the last beat: noise is learned as no heart, and a heart that became smaller is.

Leads are off, and noise of a fiftieth to a twentieth of a beat goes on; or an electrode is
moved, and beats are a fifth of what they were. Thresholds were moved with seeds 0 to 11 and 900 to
903 in sight.
"""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.streams import kit

from joey.beats import BeatDetector, detect_beats, join_beats
from joey.signals import Signal, quantize
from joey.simulate import simulate_ecg, simulate_pleth

SECONDS = 110.0
LAST_S = 50.0  # of beats of full size
SEEDS = range(3300, 3304)
Floats = NDArray[np.float64]


def band(rng: np.random.Generator, n: int, fs: float, low: float, high: float) -> Floats:
    """Return noise of SD 1 in a band. [Hz]"""
    at = np.fft.rfftfreq(n, 1 / fs)
    grain = rng.standard_normal(len(at)) + 1j * rng.standard_normal(len(at))
    wave = np.fft.irfft(grain * ((at >= low) & (at <= high)), n)
    return np.asarray(wave / wave.std())


def nearest(among: Floats, times: Floats) -> Floats:
    """Return how far the nearest of `among` is from each time. [s]"""
    padded = np.concatenate(([-np.inf], among, [np.inf]))
    at = np.searchsorted(padded, times)
    return np.minimum(times - padded[at - 1], padded[at] - times)


def made(kind: str, beats: Floats, noise: float, seed: int) -> Signal:
    """Return an ECG or pleth with these beats."""
    if kind == "ecg":
        return simulate_ecg(beats, 250, seconds=SECONDS, noise=noise, seed=seed)
    return simulate_pleth(beats, 125, seconds=SECONDS, noise=noise, seed=seed)


def changed(kind: str, wave: Floats, like: Signal) -> Signal:
    """Return a signal of these values."""
    return quantize(like.channel, 250 if kind == "ecg" else 125, 0, wave, like.scale)


def regular(rate: float, rng: np.random.Generator, until: float) -> Floats:
    """Return beats at a rate that varies by 3 %. [s]"""
    beats = 0.3 + np.cumsum(60 / rate * (1 + 0.03 * rng.standard_normal(int(until * rate / 60))))
    return beats[beats < until]


def height(wave: Floats, n: int) -> float:
    """Return how far the highest samples are from the middle."""
    return float(np.percentile(wave[:n], 99.9) - np.median(wave[:n]))


def ended(rate: float, low: float, high: float, size: float, seed: int) -> Signal:
    """Return beats of which the last is followed by noise in a band."""
    rng = np.random.default_rng(seed)
    beats = regular(rate, rng, LAST_S)
    like = made("ecg", beats, 0.01, seed)
    wave, fs = like.values.copy(), float(like.fs)
    first = int((beats[-1] + 0.6) * fs)
    middle, tall = float(np.median(wave[:first])), height(wave, first)
    wave[first:] = middle + size * tall * band(rng, len(wave) - first, fs, low, high)
    return changed("ecg", wave, like)


def false_in_a_minute(rate: float, low: float, high: float, size: float) -> float:
    """Return the mean number of beats told in the minute of noise after the last."""
    told = 0
    for seed in SEEDS:
        found = detect_beats(ended(rate, low, high, size, seed)).times
        told += int(np.count_nonzero(found > LAST_S + 1.0))
    return told / len(SEEDS)


@pytest.mark.parametrize("rate", [35.0, 60.0, 150.0])
@pytest.mark.parametrize("size", [0.02, 0.05])
@pytest.mark.parametrize(("low", "high"), [(1.0, 60.0), (1.0, 40.0), (20.0, 60.0)])
def test_noise_after_the_last_beat_is_no_heart(
    rate: float, size: float, low: float, high: float
) -> None:
    """Up to 80 in a minute were told."""
    assert false_in_a_minute(rate, low, high, size) <= 3


@pytest.mark.parametrize("kind", ["ecg", "pleth"])
@pytest.mark.parametrize("rate", [35.0, 60.0, 100.0, 150.0, 200.0])
@pytest.mark.parametrize("noise", [0.004, 0.01, 0.015])
def test_beats_of_a_fifth_are_followed_within_ten_seconds(
    kind: str, rate: float, noise: float
) -> None:
    """An electrode was moved; noise of up to an SD of a thirteenth of the smaller beats."""
    for seed in SEEDS:
        rng = np.random.default_rng(seed)
        beats = regular(rate, rng, SECONDS - 1)
        like = made(kind, beats, 0.0, seed)
        wave, first = like.values.copy(), int(LAST_S * float(like.fs))
        middle, tall = float(np.median(wave)), height(wave, first)
        wave[first:] = middle + (wave[first:] - middle) / 5
        wave += noise * tall * rng.standard_normal(len(wave))

        found = detect_beats(changed(kind, wave, like)).times

        late = beats[beats > LAST_S + 10.0]
        # A pulse is timed at its front, later than its beat by the delay.
        assert np.mean(nearest(found, late) < 0.25) >= 0.99
        assert np.count_nonzero(found > LAST_S + 10.0) <= 1.03 * len(late) + 1


def test_chunks_learn_as_the_whole_does() -> None:
    """Where noise is refused again and again, and a smaller heart is then learned."""
    rng = np.random.default_rng(3310)
    like = ended(60.0, 1.0, 60.0, 0.05, 3310)
    wave = like.values.copy()
    again = simulate_ecg(regular(150.0, rng, 40.0), 250, seconds=40.0, noise=0.02, seed=3311)
    wave[-len(again.values) :] += 0.3 * again.values
    ecg = changed("ecg", wave, like)
    whole = detect_beats(ecg).times
    assert np.count_nonzero(whole > SECONDS - 30) > 50

    case = kit.Case(
        "ecg",
        partial(BeatDetector, ecg.channel),
        {"signal": list(ecg.segments)},
        partial(join_beats, ecg.channel),
    )
    for chunks in (7, 60):
        assert kit.chunked(case, rng, chunks).times.tolist() == whole.tolist()
