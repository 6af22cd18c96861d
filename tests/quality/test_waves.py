"""P and T waves that a detector may count as beats are told from beats, and beats from them."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from joey.quality import judge_waveform
from joey.signals import Channel, Signal, quantize
from joey.spans import total

SECONDS = 90.0
Floats = NDArray[np.float64]
Bells = tuple[tuple[float, float, float], ...]  # height [mV], center and SD [ms], from the beat

NARROW: Bells = ((-0.08, -16, 5), (1.0, 0, 6.5), (-0.25, 15, 6))
DEEP: Bells = ((0.3, -14, 6), (-1.0, 5, 8))
T_WAVE: Bells = ((0.25, 190, 30),)
P_WAVE: Bells = ((0.1, -100, 11),)


def times(rate: float, rng: np.random.Generator) -> Floats:
    """Return beats at a rate, each interval off by 1 %."""
    rr = 60 / rate * (1 + 0.01 * rng.standard_normal(int(SECONDS * rate / 60)))
    beats = 0.5 + np.cumsum(rr)
    return beats[beats < SECONDS - 0.5]


def draw(
    fs: float, waves: list[tuple[Floats, Bells]], rng: np.random.Generator, polarity: int = 1
) -> Signal:
    """Return an ECG with bells of heights that may differ from beat to beat."""
    at = np.arange(int(SECONDS * fs)) / fs
    line = 0.02 * rng.standard_normal(len(at))
    for beats, bells in waves:
        for beat in beats:
            for height, center, sd in bells:
                middle, s = beat + center / 1000, sd / 1000
                lo, hi = max(int((middle - 5 * s) * fs), 0), int((middle + 5 * s) * fs) + 1
                line[lo:hi] += height * np.exp(-0.5 * ((at[lo:hi] - middle) / s) ** 2)
    return quantize(Channel("ecg", "mV"), fs, 0, polarity * line, 0.0025)


def shares(ecg: Signal) -> tuple[float, float]:
    """Return the shares of good seconds, and of those that waves are the reason of."""
    found = judge_waveform(ecg)
    judged = total(found.judged)
    spans = [(each.span.duration, each.reason) for each in found.verdicts]
    waves = sum(length for length, reason in spans if reason == "waves")
    return 1 - sum(length for length, _ in spans) / judged, waves / judged


@pytest.mark.parametrize("polarity", [1, -1])
@pytest.mark.parametrize("qrs", [NARROW, DEEP])
@pytest.mark.parametrize("fs", [125, 250, 500])
def test_steep_p_waves_of_an_av_block_are_not_good(fs: int, qrs: Bells, polarity: int) -> None:
    """2:1 and 3:1 block at an atrial rate of 140/min, P of 0.35 R: a count of them doubles a rate.

    They are the same each time, so their likeness to each other does not lift the doubt.
    """
    for conducted in (2, 3):
        rng = np.random.default_rng([fs, conducted])
        atrial = times(140, rng)
        beats = atrial[::conducted] + 0.11
        p_waves = (atrial, ((0.35, 0.0, 12.0),))
        ecg = draw(fs, [(beats, qrs + T_WAVE), p_waves], rng, polarity)

        assert shares(ecg)[0] <= 0.1


@pytest.mark.parametrize("polarity", [1, -1])
@pytest.mark.parametrize("fs", [125, 250, 500])
def test_dissociated_p_waves_are_not_good(fs: int, polarity: int) -> None:
    """Congenital complete block: atria at 145/min, beats at 55/min, P of 0.28 R."""
    rng = np.random.default_rng([fs, 55])
    p_waves = (times(145, rng), ((0.28, 0.0, 12.0),))
    ecg = draw(fs, [(times(55, rng), NARROW + T_WAVE), p_waves], rng, polarity)

    assert shares(ecg)[0] <= 0.2


@pytest.mark.parametrize("height", [0.8, 1.0])
@pytest.mark.parametrize("rate", [65, 90])
@pytest.mark.parametrize("fs", [125, 250, 500])
def test_peaked_t_waves_as_large_as_r_are_not_good(fs: int, rate: float, height: float) -> None:
    """Hyperkalemia: T waves of an SD of 22 ms, 0.2 s after each beat."""
    rng = np.random.default_rng([fs, int(rate)])
    peaked: Bells = ((height, 195, 22),)
    ecg = draw(fs, [(times(rate, rng), P_WAVE + NARROW + peaked)], rng)

    assert shares(ecg)[0] <= 0.1


@pytest.mark.parametrize("fs", [125, 250, 500])
def test_rhythms_of_beats_alone_are_good(fs: int) -> None:
    """No second is lost to waves: two sizes in turn, sizes that sway, wide early beats, a plain T.

    An ectopic beat comes as early, and is as round, as a peaked T wave; its own T wave tells.
    """
    rng = np.random.default_rng(fs)
    beats, normal = times(150, rng), P_WAVE + NARROW + T_WAVE
    small = tuple((0.6 * height, center, sd) for height, center, sd in normal)
    alternans = [(beats[::2], normal), (beats[1::2], small)]
    sway = [
        (beats[[k]], tuple((size * height, center, sd) for height, center, sd in normal))
        for k, size in enumerate(1 + 0.4 * np.sin(2 * np.pi * 0.8 * beats))
    ]
    wide: Bells = ((1.3, 0, 22), (-0.6, 120, 40))
    early = [(np.delete(beats, np.s_[1::every]), NARROW + T_WAVE) for every in (2, 3)]
    bigeminy = [early[0], (beats[1::2] - 0.14, wide)]
    trigeminy = [early[1], (beats[1::3] - 0.14, wide)]
    slow = [(times(70, rng), P_WAVE + NARROW + ((0.4, 240, 35),))]
    for waves in (alternans, sway, bigeminy, trigeminy, slow):
        assert shares(draw(fs, waves, rng))[1] <= 0.003
