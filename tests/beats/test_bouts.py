"""Right behind a bout of artifacts: its size and its noise are over, and the first beat is one."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from joey.beats import detect_beats
from joey.quality import judge_waveform
from joey.signals import Signal, quantize
from joey.simulate import simulate_beats, simulate_ecg

SECONDS = 60.0
FS = 250
SEEDS = range(6300, 6312)
Floats = NDArray[np.float64]


def changed(beats: Floats, seed: int) -> tuple[Signal, Floats, np.random.Generator]:
    """Return a clean ECG, its values to change, and a random generator."""
    like = simulate_ecg(beats, FS, seconds=SECONDS, noise=0.02, seed=seed)
    return like, like.values.copy(), np.random.default_rng(seed)


def missed(like: Signal, wave: Floats, beats: Floats) -> int:
    """Return how many of these beats are not found within 50 ms."""
    ecg = quantize(like.channel, FS, 0, np.clip(wave, -5, 5), like.scale)
    found = detect_beats(ecg).times
    return sum(float(np.min(np.abs(found - beat))) > 0.05 for beat in beats)


@pytest.mark.parametrize("size", [0.5, 1.0])  # mV
@pytest.mark.parametrize("lasts", [3.0, 8.0])  # s
def test_the_first_beats_behind_a_bout_are_found(size: float, lasts: float) -> None:
    """The quiet quarter of the last 1.5 s is the bout's: first beats were taken for its noise."""
    lost = 0
    for seed in SEEDS:
        beats = simulate_beats(SECONDS, 150, seed=seed)
        like, wave, rng = changed(beats, seed)
        first = int(np.searchsorted(beats, 30.0))
        stop = int((beats[first] - rng.uniform(0.18, 0.3)) * FS)  # nearer hides it
        start = stop - int(lasts * FS)
        wave[start:stop] += size * rng.standard_normal(stop - start)
        lost += missed(like, wave, beats[first : first + 5])

    assert lost <= 1  # of 60


@pytest.mark.parametrize("lasts", [4.0, 5.0, 6.5, 8.0])  # s
def test_beats_behind_a_rail_are_not_measured_by_the_leap_from_it(lasts: float) -> None:
    """The size of a beat was learned from the leap, and beats of 2 s were lost."""
    lost = 0
    for seed in SEEDS:
        beats = simulate_beats(SECONDS, 150, seed=seed)
        like, wave, rng = changed(beats, seed)
        start = int(rng.uniform(20, 30) * FS)
        stop = start + int(lasts * FS)
        wave[start:stop] = 5.0
        first = int(np.searchsorted(beats, stop / FS + 0.3))
        lost += missed(like, wave, beats[first : first + 8])

    assert lost == 0


@pytest.mark.parametrize("stands", [1.2, 1.7])  # s
def test_an_amplifier_thrown_to_its_rail_hides_beats_and_is_bad(stands: float) -> None:
    """For less than the 2 s of a flat line: seconds without a beat were called doubtful."""
    beats = simulate_beats(SECONDS, 150, seed=6320)
    like, wave, _ = changed(beats, 6320)
    start = 30.9
    wave[int(start * FS) : int((start + stands) * FS)] = 5.0
    ecg = quantize(like.channel, FS, 0, wave, like.scale)

    (verdict,) = (v for v in judge_waveform(ecg).verdicts if v.span.start <= 31.5 < v.span.end)

    assert verdict.grade == "bad"
    assert missed(like, wave, beats[(beats > 31.0) & (beats < 32.0)]) > 0


def test_coarse_counts_that_rest_between_beats_are_good() -> None:
    """Equal counts for 0.3 s are bad beside noise or motion alone."""
    beats = 0.5 + np.arange(54) * 1.1
    like = simulate_ecg(beats, FS, seconds=SECONDS, noise=0.0, hum=0.0, wander=0.0, seed=6321)
    coarse = quantize(like.channel, FS, 0, like.values, 0.05)
    counts = coarse.segments[0].counts
    runs = np.diff(np.flatnonzero(np.diff(counts) != 0))

    assert runs[:-1].max() > 0.3 * FS
    assert judge_waveform(coarse).verdicts == ()
