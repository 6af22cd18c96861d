"""Pulses of a pleth: either way up, of several shapes, and with a large dicrotic wave."""

from __future__ import annotations

from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pytest

from joey.beats import detect_beats
from joey.signals import Channel, quantize

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from joey.signals import Signal

FS = 125
SECONDS = 150.0
NEAR_S = 0.08  # s, a pulse found is within this of the true one, but for what all are late
RATES = (30, 45, 60, 90, 120, 150, 180, 220, 260, 300)
SHAPES = ("crest", "run-off", "saw", "round")


def _bell(t: NDArray[np.float64], center: float, width: float) -> NDArray[np.float64]:
    return np.exp(-0.5 * ((t - center) / width) ** 2)


def pulse(
    shape: str, t: NDArray[np.float64], interval: float, dicrotic: float
) -> NDArray[np.float64]:
    """Return one pulse at times from its foot [s]; the dicrotic wave's height is beside 1."""
    wide = np.sqrt(interval / 0.4)
    if shape == "crest":  # a steep front, an exponential run-off, and the wave that comes back
        front = 1 / (1 + np.exp(-(t - 0.06 * wide) / (0.016 * wide)))
        body = front * np.exp(-np.maximum(t - 0.06 * wide, 0) / (0.33 * interval))
        return body + dicrotic * _bell(t - 0.06 * wide, 0.43 * interval, 0.095 * interval)
    if shape == "run-off":
        since = np.maximum(t / (0.055 * wide), 0)
        return since**2 * np.exp(2 - 2 * since) + 0.3 * _bell(t, 0.2 * wide, 0.05 * wide)
    if shape == "saw":
        top = 0.08 * wide
        places = [0.0, top, top + 0.55 * interval, top + 0.8 * interval]
        return np.interp(t, places, [0.0, 1.0, 0.15, 0.0], left=0.0, right=0.0)
    return _bell(t, 0.085 * wide, 0.034 * wide) + 0.45 * _bell(t, 0.21 * wide, 0.065 * wide)


def heart(rate: float, rng: np.random.Generator, *, falls: bool = False) -> NDArray[np.float64]:
    """Return beats of a rate that drifts by 3 %; with falls to 40 to 90/min each 40 s. [s]"""
    times, at = [0.4], 0.4
    deep = [float(rng.uniform(40, 90)) for _ in range(8)]
    while at < SECONDS - 2:
        now = rate * (1 + 0.02 * np.sin(at / 3) + 0.01 * rng.standard_normal())
        if falls:
            part = float(np.interp(at % 40, [15, 20, 27, 31], [0, 1, 1, 0], left=0, right=0))
            now += part * (deep[int(at // 40)] - now)
        at += 60 / now
        times.append(at)
    return np.array(times)


def pleth(
    beats: NDArray[np.float64],
    rng: np.random.Generator,
    shape: str,
    *,
    dicrotic: float = 0.3,
    way: int = 1,
) -> Signal:
    """Return pulses with 2 % of noise and a wandering baseline."""
    n = int(SECONDS * FS)
    at = np.arange(n) / FS
    wave = np.zeros(n)
    for start, end in pairwise([*beats.tolist(), float(beats[-1]) + 0.4]):
        lo, hi = int((start - 0.3) * FS), int((2 * end - start + 0.6) * FS)
        lo = max(lo, 0)
        wave[lo:hi] += pulse(shape, at[lo:hi] - start - 0.15, end - start, dicrotic)
    wave /= np.ptp(wave[10 * FS : 30 * FS])
    wave += 0.02 * rng.standard_normal(n) + 0.15 * np.sin(2 * np.pi * 0.21 * at)
    return quantize(Channel("pleth", "NU"), FS, 0, way * wave, 0.002)


def score(found: NDArray[np.float64], beats: NDArray[np.float64]) -> tuple[float, float]:
    """Return sensitivity and predictive value of pulses, less how late they usually are."""
    inner = beats[(beats > 2) & (beats < beats[-1] - 1)]
    found = found[(found > 1.5) & (found < beats[-1] - 0.3)]
    nearest = np.array([found[np.argmin(np.abs(found - each - 0.2))] for each in inner])
    late = found - float(np.median(nearest - inner))
    off = np.array([np.min(np.abs(late - each)) for each in inner])
    wrong = np.array([np.min(np.abs(beats - each)) for each in late])
    return float(np.mean(off < NEAR_S)), float(np.mean(wrong < NEAR_S))


@cache
def pooled(shape: str, way: int, dicrotic: float = 0.3) -> tuple[float, float]:
    """Return the score over all rates."""
    rows = []
    for rate in RATES:
        rng = np.random.default_rng([rate, way + 1, SHAPES.index(shape)])
        beats = heart(rate, rng)
        wave = pleth(beats, rng, shape, dicrotic=dicrotic, way=way)
        rows.append(score(detect_beats(wave).times, beats))
    return float(np.mean(rows, axis=0)[0]), float(np.mean(rows, axis=0)[1])


@pytest.mark.parametrize("way", [1, -1])
@pytest.mark.parametrize("shape", SHAPES)
def test_pulses_of_30_to_300_are_found_either_way_up(shape: str, way: int) -> None:
    """Several shapes of pulse, clean: 99.5 %."""
    found, right = pooled(shape, way)

    assert found >= 0.995
    assert right >= 0.995


@pytest.mark.parametrize("way", [1, -1])
@pytest.mark.parametrize("rate", [120, 150, 180])
def test_a_pleth_upside_down_is_timed_where_it_is_upright(rate: int, way: int) -> None:
    """The time of a pulse is its rise, which is a fall where it is exported upside down."""
    rng = np.random.default_rng(rate)
    beats = heart(rate, rng)
    upright = detect_beats(pleth(beats, np.random.default_rng(1), "run-off")).times
    found = detect_beats(pleth(beats, np.random.default_rng(1), "run-off", way=way)).times

    assert len(found) == len(upright)
    assert np.max(np.abs(found - upright)) < 0.001


@pytest.mark.parametrize("dicrotic", [0.5, 0.7, 0.9])
def test_a_large_dicrotic_wave_is_no_pulse(dicrotic: float) -> None:
    """It may be nearly as high as the pulse, at any rate from 30 to 300."""
    for rate in RATES:
        rng = np.random.default_rng([rate, int(10 * dicrotic)])
        beats = heart(rate, rng)
        found = detect_beats(pleth(beats, rng, "crest", dicrotic=dicrotic)).times

        assert len(found) == pytest.approx(len(beats), abs=max(0.01 * len(beats), 2))


def test_in_bradycardias_the_dicrotic_wave_is_no_pulse() -> None:
    """A pleth that counts it there would deny a true bradycardia."""
    for seed in range(4):
        rng = np.random.default_rng(seed)
        beats = heart(150, rng, falls=True)
        found = detect_beats(pleth(beats, rng, "crest", dicrotic=0.7)).times

        both = score(found, beats)
        assert min(both) >= 0.99


def waves(
    beats: NDArray[np.float64],
    rng: np.random.Generator,
    fs: float,
    *,
    echo: float = 0.0,
    place: float = 0.42,
    sizes: NDArray[np.float64] | None = None,
) -> Signal:
    """Return round pulses that fall wholly, each with an echo at a share of its interval."""
    n = int(SECONDS * fs)
    at = np.arange(n) / fs
    wave = 0.01 * rng.standard_normal(n) + 0.15 * np.sin(2 * np.pi * 0.11 * at)
    sizes = np.ones(len(beats)) if sizes is None else sizes
    intervals = np.diff(beats, append=2 * beats[-1] - beats[-2])
    for start, interval, size in zip(beats, intervals, sizes, strict=True):
        lo, hi = max(int((start - 0.5) * fs), 0), int((start + 1.5 * interval + 0.5) * fs)
        t = at[lo:hi] - start
        both = _bell(t, 0.1 * interval, 0.11 * interval)
        both += echo * _bell(t, (0.1 + place) * interval, 0.1 * interval)
        wave[lo : lo + len(both)] += size * both
    return quantize(Channel("pleth", "NU"), fs, 0, wave, 0.002)


@pytest.mark.parametrize("fs", [60, 75, 125, 250])
@pytest.mark.parametrize("echo", [0.3, 0.7, 0.9])
def test_a_slow_pulse_and_its_echo_are_one(fs: int, echo: float) -> None:
    """The wave falls as far before its echo as before the next pulse, and the heart is slow."""
    for rate in (34, 47, 61):
        rng = np.random.default_rng([rate, fs, int(10 * echo)])
        beats = heart(rate, rng)
        found = detect_beats(waves(beats, rng, fs, echo=echo)).times

        assert len(found) == pytest.approx(len(beats), abs=0.12 * len(beats))


@pytest.mark.parametrize("fs", [60, 125])
@pytest.mark.parametrize("sway", ["alternates", "breathes"])
def test_pulses_that_sway_by_a_quarter_are_found(fs: int, sway: str) -> None:
    """Every second or third pulse small, with an echo of a half: none is lost, none is doubled."""
    for rate in (70, 100, 128, 170):
        rng = np.random.default_rng([rate, fs])
        beats = heart(rate, rng)
        number = np.arange(len(beats))
        phase = np.pi * number if sway == "alternates" else 2 * np.pi * 0.31 * number
        sizes = 1 + 0.25 * np.cos(phase)
        found = detect_beats(waves(beats, rng, fs, echo=0.5, sizes=sizes)).times

        assert len(found) == pytest.approx(len(beats), abs=max(0.03 * len(beats), 3))


def test_a_heart_that_slows_down_has_no_echoes() -> None:
    """Its gaps only grow: those of a pulse and its echo are long and short in turn."""
    for growth in (1.05, 1.1, 1.15, 1.2):
        gaps = np.full(300, 0.4)
        for first in range(30, 270, 40):
            steps = int(np.log(2.5) / np.log(growth))
            slower = 0.4 * growth ** np.arange(1, steps + 1)
            both = np.concatenate([slower, slower[::-1]])
            gaps[first : first + len(both)] = both[: 300 - first]
        beats = np.cumsum(gaps)
        beats = beats[beats < SECONDS - 3]
        found = detect_beats(waves(beats, np.random.default_rng(3), FS)).times
        found = found[found < beats[-1] + 0.2]

        assert len(found) == pytest.approx(len(beats), abs=3)


def test_a_probe_that_is_turned_is_followed() -> None:
    """Half of the record upside down: no pulse is lost but in the seconds around the turn."""
    rng = np.random.default_rng(5)
    beats = heart(150, rng)
    one = pleth(beats, np.random.default_rng(2), "run-off")
    values = one.values
    values[len(values) // 2 :] *= -1
    found = detect_beats(quantize(one.channel, FS, 0, values, 0.002)).times
    upright = detect_beats(one).times

    apart = np.abs(upright - SECONDS / 2) > 6
    nearest = np.array([np.min(np.abs(found - each)) for each in upright[apart]])
    assert np.max(nearest) < 0.001
