"""The place of a beat: the same point of each complex, whichever way up it is.

Made of bumps, with truth at the main one: a QRS that goes down before a T wave that does leaves, in
a fast heart, no flat line between beats, and what is between two of them lies high.
"""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from joey.beats import detect_beats
from joey.signals import Channel, Signal, quantize

SECONDS = 90.0
# Height [of R], center and width [ms] of bumps; then P and T, whose places the rate moves.
DOWN = ((0.10, -17.0, 5.0), (-1.0, 0.0, 7.0), (0.22, 16.0, 6.0))
Floats = NDArray[np.float64]


def bumps(
    times: Floats, fs: int, shape: tuple[tuple[float, float, float], ...], p: float, t: float
) -> Floats:
    """Return an ECG of one beat at each time, of height 1."""
    at = np.arange(int(SECONDS * fs)) / fs
    wave = np.zeros(len(at))
    interval = float(np.median(np.diff(times)))
    late = 420 * np.sqrt(0.4 * interval)
    early = -min(max(165 * np.sqrt(interval), 60.0), 120.0)
    for height, center, width in (*shape, (p, early, 11.0), (t, late, 48 * np.sqrt(interval))):
        for time in times + center / 1000:
            lo, hi = np.searchsorted(at, (time - 0.15, time + 0.15))
            wave[lo:hi] += height * np.exp(-0.5 * ((at[lo:hi] - time) * 1000 / width) ** 2)
    return wave


def recorded(wave: Floats, fs: int, noise: float, rng: np.random.Generator) -> Signal:
    """Return 0.7 mV of a wave in steps of 2.5 uV, with noise. [of R]"""
    wave = 0.7 * (wave + noise * rng.standard_normal(len(wave)))
    wave += 0.08 * np.sin(2 * np.pi * 0.3 * np.arange(len(wave)) / fs)
    return quantize(Channel("ecg", "mV", lead="II"), fs, 0, wave, 0.0025)


def errors_ms(found: Floats, times: Floats) -> Floats:
    """Return how far what was found lies from the nearest beat, less the usual lag. [ms]"""
    at = np.clip(np.searchsorted(times, found), 1, len(times) - 1)
    nearer = np.where(found - times[at - 1] < times[at] - found, times[at - 1], times[at])
    off = 1000 * (found - nearer)
    return np.asarray(off - np.median(off))


@pytest.mark.parametrize("fs", [100, 125, 250])
@pytest.mark.parametrize("rate", [150, 210, 225, 240, 255])
@pytest.mark.parametrize("t", [-0.15, -0.3, -0.4])
def test_beats_that_go_down_keep_their_place(fs: int, rate: int, t: float) -> None:
    """At 100 Hz one in ten and more were timed 33 to 47 ms off: at what lies between the beats."""
    for seed in range(2):
        rng = np.random.default_rng(4400 + seed)
        times = 0.3 + np.cumsum(60 / rate * (1 + 0.005 * rng.standard_normal(int(1.5 * rate) - 4)))
        ecg = recorded(bumps(times, fs, DOWN, 0.12, t), fs, 1 / 30, rng)

        found = detect_beats(ecg).times

        assert abs(len(found) - len(times)) <= 2
        assert np.abs(errors_ms(found, times)).max() < 10


@pytest.mark.parametrize("middle", [0.4, 0.45, 0.5, 0.55])
def test_of_two_waves_alike_one_is_kept(middle: float) -> None:
    """The axis sways: R is 0.15 of S more and less, and the time does not hop with it."""
    for seed in range(2):
        rng = np.random.default_rng(4410 + seed)
        times = 0.3 + np.cumsum(0.286 * (1 + 0.005 * rng.standard_normal(300)))
        at = np.arange(int(SECONDS * 250)) / 250
        r = middle + 0.15 * np.sin(2 * np.pi * 0.1 * at)
        wave = r * bumps(times, 250, ((1.0, -18.0, 6.0),), 0.0, 0.0)
        wave += bumps(times, 250, ((-1.0, 8.0, 6.0),), 0.1, 0.2)

        found = detect_beats(recorded(wave, 250, 1 / 30, rng)).times

        assert np.mean(np.abs(errors_ms(found, times)) > 10) <= 0.02
