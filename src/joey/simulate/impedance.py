"""Chest impedance: breaths, the heart in it, the holder's breathing in it, motion."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from joey.signals import Channel, Signal, quantize
from joey.simulate.breathing import Breathing, breathe, lung
from joey.simulate.seeds import band_noise, slow_noise, stream
from joey.simulate.waves import STEP, add_pulses, uniform
from joey.spans import EMPTY

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["FS", "QUANTUM", "cardiac_artifact", "holder_breathing", "simulate_impedance"]

FS = Fraction(125, 2)  # Hz
QUANTUM = 0.001  # Ohm per count
BREATH = 0.8  # Ohm, a usual breath of a preterm infant


def simulate_impedance(  # noqa: PLR0913 (a builder has a knob per effect)
    breath_times: NDArray[np.float64],
    beat_times: NDArray[np.float64] | None = None,
    fs: Fraction | int = FS,
    *,
    seconds: float | None = None,
    start_ns: int = 0,
    cardiac: float = 0.12,
    holder: float = 0.0,
    holder_rate: float = 16.0,
    motion: float = 0.0,
    noise: float = 0.01,
    spread: float = 0.15,
    seed: int = 0,
) -> Signal:
    """Return chest impedance whose inspirations end at the given times.

    Parameters
    ----------
    breath_times : ndarray of float64, shape (n,)
        End of each inspiration, increasing, from `start_ns`. [s]
    beat_times : ndarray of float64, shape (m,) or None
        Heart beats. [s]
    fs : Fraction or int
        Sampling frequency. [Hz]
    seconds : float or None
        Length; None: to 2 s after the last breath. [s]
    start_ns : int
        Time of the first sample. [ns]
    cardiac : float
        Size of the heart's artifact, in breaths; 0.05 to 0.3 is usual.
    holder : float
        Size of the holder's breathing in it, in breaths.
    holder_rate : float
        The holder's mean breathing rate. [1/min]
    motion : float
        SD of motion between 0.1 and 3 Hz, in breaths.
    noise : float
        SD of white noise, in breaths.
    spread : float
        Relative SD of the breaths' sizes.
    seed : int
        Seed of the random numbers.

    Returns
    -------
    Signal
        Said to be simulated in its channel's source. [Ohm]
    """
    last = float(breath_times[-1]) if len(breath_times) else 0.0
    rate = float(fs)
    n = round((last + 2 if seconds is None else seconds) * rate)
    gaps = np.diff(breath_times)
    usual = np.minimum(np.append(gaps, 1.2), 1.6) if len(breath_times) else gaps
    before = np.minimum(np.concatenate(([1.2], gaps)), 1.6)[: len(breath_times)]
    sizes = np.exp(spread * stream(seed, "impedance", "sizes").standard_normal(len(breath_times)))
    breaths = Breathing(
        breath_times - 0.38 * before,
        breath_times,
        breath_times + 0.58 * usual,
        sizes,
        np.zeros(len(breath_times), dtype=np.bool_),
    )
    wave = lung(breaths, n, rate).astype(np.float64)
    times = uniform(n, 1 / rate)
    if beat_times is not None and cardiac:
        wave += cardiac_artifact(beat_times, n, rate, np.full(len(beat_times), cardiac))
    if holder:
        wave += holder * holder_breathing(n, rate, holder_rate, stream(seed, "impedance", "holder"))
    if motion:
        wave += motion * band_noise(stream(seed, "impedance", "motion"), times, 0.1, 3.0)
    wave += 0.15 * slow_noise(stream(seed, "impedance", "drift"), np.append(times, 1.0), 60.0)[:n]
    wave += noise * stream(seed, "impedance", "noise").standard_normal(n)
    channel = Channel("resp", "Ohm", source="simulated/RESP")
    return quantize(channel, fs, start_ns, BREATH * wave, QUANTUM)


def cardiac_artifact(
    beats: NDArray[np.float64], n: int, fs: float, sizes: NDArray[np.float64]
) -> NDArray[np.float32]:
    """Return what blood moved by each beat adds, of the given heights, at n samples of `fs`."""
    out = np.zeros(n, dtype=np.float32)
    length = np.minimum(np.append(np.diff(beats), 0.5), 0.7)

    def stroke(since: NDArray[np.float64], which: NDArray[np.intp]) -> NDArray[np.float64]:
        share = np.clip(since / length[which], 0, 1)
        # Impedance falls as the chest fills with blood, and returns by the next beat.
        return np.asarray(-sizes[which] * np.sin(np.pi * share**0.6) ** 2, dtype=np.float64)

    add_pulses(out, fs, beats + 0.05, length, stroke)
    return out


def holder_breathing(
    n: int, fs: float, rate: float, rng: np.random.Generator
) -> NDArray[np.float32]:
    """Return an adult's breathing of unit height at n samples of `fs` [Hz]; rate in 1/min."""
    times = uniform(round(n / fs / STEP) + 2, STEP)
    flat = np.full(len(times), rate)
    breaths = breathe(times, flat, np.full(len(times), 0.13), EMPTY, rng)
    return lung(breaths, n, fs)
