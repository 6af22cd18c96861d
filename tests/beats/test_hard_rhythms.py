"""Beats where hearts, leads and wards are hard: uneven sizes, ectopy, tall waves, turned leads.

Truth is that of the simulator, or of real preterm templates laid at known times.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from joey.beats import detect_beats
from joey.signals import Channel, Signal, quantize, signals_of
from joey.simulate import simulate_ecg, simulate_pleth
from joey.simulate.ecg import Shape
from joey.sources import read

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

SECONDS = 120.0
WITHIN_S = 0.05


def train(rate: float, seed: int = 0) -> NDArray[np.float64]:
    """Return beat times at a rate, each interval off by 1 %."""
    rng = np.random.default_rng(seed)
    rr = 60 / rate * (1 + rng.normal(0, 0.01, int(SECONDS * rate / 60)))
    beats = 0.5 + np.cumsum(rr)
    return beats[beats < SECONDS - 0.5]


def sized(
    beats: NDArray[np.float64],
    sizes: NDArray[np.float64],
    seed: int = 0,
    shape: Shape | None = None,
) -> Signal:
    """Return the ECG of beats of different heights."""
    each = [
        simulate_ecg(
            beats[sizes == size],
            seconds=SECONDS,
            amplitude=float(size),
            noise=0.0,
            wander=0.0,
            hum=0.0,
            quantum=1e-4,
        )
        for size in np.unique(sizes)
    ]
    noise = simulate_ecg(beats, seconds=SECONDS, amplitude=0.0, noise=0.02, seed=seed)
    total = noise.values + np.sum([part.values for part in each], axis=0)
    return quantize(noise.channel, noise.fs, 0, total, 0.0025)


def found_share(found: NDArray[np.float64], beats: NDArray[np.float64]) -> float:
    """Return the lesser of sensitivity and predictive value, one to one within 50 ms."""
    i = j = both = 0
    while i < len(found) and j < len(beats):
        if abs(found[i] - beats[j]) <= WITHIN_S:
            both, i, j = both + 1, i + 1, j + 1
        elif found[i] < beats[j]:
            i += 1
        else:
            j += 1
    return both / max(len(found), len(beats))


@pytest.mark.parametrize("small", [0.35, 0.5, 0.7])
@pytest.mark.parametrize("rate", [100, 150, 220, 260])
def test_beats_that_alternate_in_height_are_all_found(rate: int, small: float) -> None:
    """Half of them missed would halve the heart rate of the infant."""
    beats = train(rate, seed=rate)
    sizes = np.where(np.arange(len(beats)) % 2, small, 1.0)

    assert found_share(detect_beats(sized(beats, sizes)).times, beats) >= 0.99


@pytest.mark.parametrize("rate", [120, 160, 220])
def test_beats_that_sway_with_breathing_are_all_found(rate: int) -> None:
    """The axis turns with each breath: by half to either side, 48 breaths a minute."""
    beats = train(rate, seed=rate)
    sizes = np.round(1 + 0.5 * np.sin(2 * np.pi * 0.8 * beats), 1)

    assert found_share(detect_beats(sized(beats, sizes)).times, beats) >= 0.97


@pytest.mark.parametrize("rate", [70, 120, 150])
def test_wide_early_beats_are_found(rate: int) -> None:
    """Ventricular beats are wide, hence less steep than their height: one beat in eight."""
    beats = train(rate, seed=rate)
    wide = np.arange(len(beats)) % 8 == 4
    beats[wide] -= 0.3 * 60 / rate
    narrow = simulate_ecg(beats[~wide], seconds=SECONDS, noise=0.02, seed=rate)
    other = simulate_ecg(
        beats[wide],
        seconds=SECONDS,
        shape=Shape(q=0.0, r=1.1, s=-0.6, p=0.0, t=-0.4, qrs=0.12),
        noise=0.0,
        wander=0.0,
        hum=0.0,
    )
    ecg = quantize(narrow.channel, narrow.fs, 0, narrow.values + other.values, 0.0025)

    assert found_share(detect_beats(ecg).times, beats) >= 0.99


@pytest.mark.parametrize("rate", [45, 60, 90, 130])
@pytest.mark.parametrize("waves", [{"p": 0.35, "t": 0.3}, {"p": 0.08, "t": 0.9}])
def test_tall_p_and_t_waves_are_no_beats(rate: int, waves: dict[str, float]) -> None:
    """The rate of a slow heart must not be doubled."""
    beats = train(rate, seed=rate)
    ecg = simulate_ecg(beats, seconds=SECONDS, shape=replace(Shape(), **waves), seed=rate)

    assert found_share(detect_beats(ecg).times, beats) >= 0.99


@pytest.mark.parametrize("quantum", [0.001, 0.005])
@pytest.mark.parametrize("rate", [100, 150, 220])
@pytest.mark.parametrize("polarity", [1, -1])
def test_low_beats_on_a_swaying_line_are_timed_at_their_peak(
    rate: int, quantum: float, polarity: int
) -> None:
    """0.1 mV in steps of 1 or 5 uV, on a line that 48 breaths a minute move by 0.35 mV."""
    beats = train(rate, seed=rate)
    ecg = simulate_ecg(
        beats, seconds=SECONDS, amplitude=0.1, wander=0.0, noise=0.004, polarity=polarity, hum=0.0
    )
    line = ecg.values + 0.35 * np.sin(2 * np.pi * 0.8 * ecg.times)
    found = detect_beats(quantize(ecg.channel, ecg.fs, 0, line, quantum)).times

    assert found_share(found, beats) >= 0.995
    late = found - beats[np.argmin(np.abs(found[:, None] - beats), axis=1)]
    assert np.std(late) < 0.002


def test_long_pauses_are_left_empty() -> None:
    """Ten pauses of 2 to 3.9 s: noise is not learned as the beats of a pause."""
    rng = np.random.default_rng(3)
    rr: list[float] = []
    for pause in np.linspace(2.0, 3.9, 10):
        rr += [*(0.4 * (1 + 0.02 * rng.standard_normal(20))), pause]
    beats = 0.5 + np.cumsum(rr)
    beats = beats[beats < SECONDS - 0.5]

    assert found_share(detect_beats(simulate_ecg(beats, seconds=SECONDS)).times, beats) >= 0.99


@pytest.mark.parametrize("gain", [-1.0, -0.35, -3.0])
def test_a_lead_that_is_turned_is_timed_at_its_own_peak_within_five_beats(gain: float) -> None:
    """A moved electrode turns the polarity and changes the size."""
    beats = train(150, seed=2)
    ecg = simulate_ecg(beats, seconds=SECONDS, wander=0.0)
    values = ecg.values
    values[len(values) // 2 :] *= gain
    found = detect_beats(quantize(ecg.channel, ecg.fs, 0, values, 0.0025)).times

    turned = beats[beats > SECONDS / 2]
    late = np.array([np.min(np.abs(found - beat)) for beat in turned])
    assert np.all(late[5:] < 0.005)


def test_beats_outside_bursts_of_electrosurgery_are_found() -> None:
    """5 mV of broad noise for up to 3 s, ten times; from 1 s after each nothing is lost."""
    beats = train(150, seed=4)
    ecg = simulate_ecg(beats, seconds=SECONDS)
    values, rng = ecg.values, np.random.default_rng(5)
    clear = np.ones(len(beats), dtype=np.bool_)
    for start in np.arange(8.0, 110.0, 10.0):
        length = float(rng.uniform(0.3, 3.0))
        first, stop = int(start * 250), int((start + length) * 250)
        values[first:stop] += 5.0 * rng.standard_normal(stop - first)
        clear &= (beats < start - 0.2) | (beats > start + length + 1.0)
    found = detect_beats(quantize(ecg.channel, ecg.fs, 0, values, 0.0025)).times

    late = np.array([np.min(np.abs(found - beat)) for beat in beats[clear]])
    assert np.mean(late < 0.01) >= 0.99


@pytest.mark.parametrize("infant", [1, 2])
@pytest.mark.parametrize("rate", [60, 150, 220, 290])
def test_real_preterm_beats_at_other_rates_are_found(
    shared_data: Path, infant: int, rate: int
) -> None:
    """Real beats of PICS v1.0.0 (doi:10.13026/C2QQ2M), averaged and laid at known times."""
    ecg = signals_of(read(shared_data / "pics" / f"infant{infant}_seg0_ecg"), "ecg")[0]
    fs, values = float(ecg.fs), ecg.values
    start = ecg.segments[0].span.start
    around = np.arange(-round(0.08 * fs), round(0.11 * fs))
    at = np.round((detect_beats(ecg).times[5:-5] - start) * fs).astype(np.int64)
    shape = np.median(values[at[:, None] + around], axis=0)
    shape -= np.linspace(shape[0], shape[-1], len(shape))
    beats = train(rate, seed=rate)
    line = np.random.default_rng(rate).normal(0, 0.02 * np.ptp(shape), int(SECONDS * fs))
    for beat in np.round(beats * fs).astype(np.int64):
        line[beat + around] += shape
    laid = quantize(ecg.channel, ecg.fs, 0, line, 0.0025)

    assert found_share(detect_beats(laid).times, beats) >= 0.99


def slowing(seed: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return beats at 150/min that fall to 45-85/min every 30 s, and all of them that are slow."""
    rng = np.random.default_rng(seed)
    at = np.arange(0.0, SECONDS, 0.01)
    rate = np.full(len(at), 150.0)
    for start in np.arange(10.0, SECONDS - 20, 30.0):
        fall, stay, rise = rng.uniform((2, 4, 2), (6, 10, 6))
        depth = np.interp(
            at, start + np.cumsum([0, fall, stay, rise]), [0, 1, 1, 0], left=0, right=0
        )
        rate += depth * (rng.uniform(45, 85) - 150)
    phase = np.cumsum(rate) * 0.01 / 60
    beats = np.interp(np.arange(2.0, phase[-1] - 2), phase, at)
    return beats, beats[1:][np.diff(beats) > 0.6]


@pytest.mark.parametrize("seed", [41, 42])
@pytest.mark.parametrize("amplitude", [0.12, 0.7])
@pytest.mark.parametrize("ratio", [6, 10, 20])
def test_noise_does_not_fill_the_pauses_of_a_slow_heart(
    ratio: int, amplitude: float, seed: int
) -> None:
    """Broad noise of a tenth of an R wave: one taken for a beat hides a bradycardia."""
    beats, slow = slowing(seed)
    ecg = simulate_ecg(
        beats, seconds=SECONDS, amplitude=amplitude, noise=amplitude / ratio, seed=seed
    )
    found = detect_beats(ecg).times

    near = np.min(np.abs(found[:, None] - beats), axis=1) <= WITHIN_S
    before = np.clip(np.searchsorted(beats, found) - 1, 0, len(beats) - 2)
    within = np.diff(beats)[before] > 0.6
    hit = np.min(np.abs(found - slow[:, None]), axis=1) <= WITHIN_S
    assert np.sum(within) > 30
    assert np.mean(near[within]) >= 0.98
    assert np.mean(hit) >= 0.98


@pytest.mark.parametrize(("swing", "ratio"), [(0.5, 14), (0.5, 10), (0.4, 8)])
def test_swaying_beats_are_found_in_noise(swing: float, ratio: int) -> None:
    """The smallest are half the usual ones, with noise of a tenth of these; the mean of four."""
    shares = []
    for seed in (51, 52, 53, 54):
        beats = train(150, seed=seed)
        sizes = np.round(1 + swing * np.sin(2 * np.pi * 0.8 * beats), 1)
        ecg = sized(beats, sizes)
        noise = np.random.default_rng(seed).normal(0, 1 / ratio, len(ecg.values))
        noisy = quantize(ecg.channel, ecg.fs, 0, ecg.values + noise, 0.0025)
        shares.append(found_share(detect_beats(noisy).times, beats))

    assert np.mean(shares) >= 0.96


@pytest.mark.parametrize("seed", [71, 72])
def test_faint_pulses_are_found_and_noise_of_one_count_is_none(seed: int) -> None:
    """A pulse of 5 counts beats; a sensor that sees none toggles by a count."""
    beats = train(150, seed=seed)
    pleth = simulate_pleth(beats, seconds=SECONDS, noise=0.02, seed=seed)
    faint = pleth.values / np.ptp(pleth.values) * 5
    idle = np.random.default_rng(seed).normal(0, 0.7, len(faint))

    found = detect_beats(quantize(pleth.channel, pleth.fs, 0, faint, 1.0)).times
    assert abs(len(found) - len(beats)) <= 0.02 * len(beats)
    assert len(detect_beats(quantize(pleth.channel, pleth.fs, 0, idle, 1.0)).times) == 0


@pytest.mark.parametrize("fs", [125, 250, 500])
def test_a_wide_beat_that_goes_down_is_timed_there_and_not_on_its_t_wave(fs: int) -> None:
    """A ventricular beat of -1.4 mV among upright ones; its T wave goes up by 0.7 mV."""
    rng = np.random.default_rng(fs)
    beats = 0.5 + np.cumsum(np.full(250, 0.4) * rng.uniform(0.97, 1.03, 250))
    wide = np.arange(5, 245, 15)
    beats[wide] -= 0.1
    at = np.arange(int(104 * fs)) / fs
    wave = 0.02 * rng.standard_normal(len(at))
    for k, beat in enumerate(beats):
        since = at - beat
        if k in wide:
            wave -= 1.4 * np.exp(-0.5 * (since / 0.026) ** 2)
            wave += 0.7 * np.exp(-0.5 * ((since - 0.09) / 0.045) ** 2)
        else:
            wave += 0.7 * np.exp(-0.5 * (since / 0.007) ** 2)
    found = detect_beats(quantize(Channel("ecg", "mV"), fs, 0, wave, 0.0025)).times

    late = np.array([np.min(np.abs(found - beat)) for beat in beats[wide]])
    assert np.max(late) < 0.008


@pytest.mark.parametrize("rate", [230.0, 250.0])
def test_small_beats_of_a_fast_heart_that_breathing_sways_are_found(rate: float) -> None:
    """At 100 Hz, where there is no quiet between beats to tell them from noise by."""
    shape = Shape(q=0.0, s=-0.3, qrs=0.06, t=0.6)
    lost = total = 0
    for seed in range(7600, 7606):
        rng = np.random.default_rng(seed)
        beats = 0.3 + np.cumsum(60 / rate * (1 + 0.01 * rng.standard_normal(int(rate))))
        beats = beats[beats < 59]
        like = simulate_ecg(beats, 100, seconds=60.0, shape=shape, noise=0.03, seed=seed)
        sway = 1 + 0.3 * np.sin(2 * np.pi * 0.8 * np.arange(len(like.values)) / 100)
        found = detect_beats(quantize(like.channel, 100, 0, like.values * sway, like.scale)).times
        gone = np.array([np.min(np.abs(found - beat)) > 0.05 for beat in beats])
        lost, total = lost + int(gone.sum()), total + len(beats)

    assert lost <= 0.005 * total
