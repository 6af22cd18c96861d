"""How exactly beats are timed is measured: a notched QRS hops between its peaks, and it is said."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.beats.test_anchor import bumps, errors_ms, recorded

from joey.beats import detect_beats, mark_shapes, measured_timing_ms, timing_noise_ms
from joey.signals import Signal, cut
from joey.spans import Span

NOTCHED = ((0.75, -9.0, 6.0), (0.80, 10.0, 6.0), (-0.2, 26.0, 6.0))
PLAIN = ((-0.1, -17.0, 5.0), (1.0, 0.0, 7.0), (-0.22, 16.0, 6.0))
Floats = NDArray[np.float64]


def made(
    shape: tuple[tuple[float, float, float], ...], fs: int, noise: float, seed: int
) -> tuple[Signal, Floats]:
    """Return 90 s of an ECG at 150/min that breathes, and its beats."""
    rng = np.random.default_rng(seed)
    times = 0.3 + np.cumsum(0.4 + 0.02 * np.sin(np.arange(220)) + 0.002 * rng.standard_normal(220))
    return recorded(bumps(times, fs, shape, 0.12, 0.25), fs, noise, rng), times


def stated_and_true(ecg: Signal, times: Floats) -> tuple[float, float]:
    """Return the SD of beat times that is stated, and that of all but the worst 5 %. [ms]"""
    beats = mark_shapes(ecg, detect_beats(ecg))
    off = np.sort(np.abs(errors_ms(beats.times, times)))[: int(0.95 * len(beats.times))]
    return measured_timing_ms(ecg, beats) / np.sqrt(12), float(np.sqrt(np.mean(off**2)))


@pytest.mark.parametrize("fs", [200, 250, 500])
@pytest.mark.parametrize("seed", range(3))
def test_the_hop_of_a_notched_beat_is_measured(fs: int, seed: int) -> None:
    """It was stated as 0.43 ms, for 4 to 8."""
    stated, true = stated_and_true(*made(NOTCHED, fs, 1 / 20, 4500 + seed))

    assert true > 3
    assert abs(stated / true - 1) < 0.2


@pytest.mark.parametrize("fs", [125, 250, 500])
@pytest.mark.parametrize("noise", [1 / 20, 1 / 50])
@pytest.mark.parametrize("seed", range(3))
def test_a_plain_beat_is_no_worse_than_stated(fs: int, noise: float, seed: int) -> None:
    """And what is measured hides no true variability of a clean ECG."""
    ecg, times = made(PLAIN, fs, noise, 4510 + seed)
    stated, true = stated_and_true(ecg, times)

    assert true < stated
    assert stated == pytest.approx(timing_noise_ms(fs) / np.sqrt(12))


def test_few_beats_are_taken_as_usual() -> None:
    """Nothing can be measured on less than a stretch of them."""
    ecg, _ = made(NOTCHED, 250, 1 / 20, 4520)
    beats = detect_beats(cut(ecg, Span(0.0, 12.0)))
    assert len(beats.times) > 20
    assert measured_timing_ms(ecg, beats) == timing_noise_ms(250)
