"""Pleth: the pulse at the foot, late by its transit, swinging with breathing, torn by motion."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from joey.signals import Channel, Signal, quantize
from joey.simulate.seeds import band_noise, slow_noise, stream
from joey.simulate.waves import add_bells, uniform

if TYPE_CHECKING:
    from fractions import Fraction

    from numpy.typing import NDArray

__all__ = ["QUANTUM", "pulse_wave", "simulate_pleth"]

QUANTUM = 0.001  # NU per count
TRANSIT = 0.14  # s, from the QRS to the foot of the pulse


def simulate_pleth(
    beat_times: NDArray[np.float64],
    fs: Fraction | int = 125,
    *,
    seconds: float | None = None,
    start_ns: int = 0,
    transit: float = TRANSIT,
    noise: float = 0.01,
    motion: float = 0.0,
    seed: int = 0,
) -> Signal:
    """Return the pulse wave of the given beats.

    Parameters
    ----------
    beat_times : ndarray of float64, shape (n,)
        Times of QRS, increasing, from `start_ns`. [s]
    fs : Fraction or int
        Sampling frequency. [Hz]
    seconds : float or None
        Length; None: to 1 s after the last beat. [s]
    start_ns : int
        Time of the first sample. [ns]
    transit : float
        Mean time from QRS to the foot of the pulse. [s]
    noise, motion : float
        SD of white noise, and of motion between 0.2 and 5 Hz, in pulses.
    seed : int
        Seed of the random numbers.

    Returns
    -------
    Signal
        Said to be simulated in its channel's source. [NU]
    """
    rate = float(fs)
    last = float(beat_times[-1]) if len(beat_times) else 0.0
    n = round((last + 1 if seconds is None else seconds) * rate)
    times = uniform(n, 1 / rate)
    wave = np.zeros(n)
    if len(beat_times):
        late = transit + 0.004 * slow_noise(stream(seed, "pleth", "transit"), beat_times, 20.0)
        sizes = np.exp(0.12 * slow_noise(stream(seed, "pleth", "size"), beat_times, 30.0))
        wave += pulse_wave(beat_times + late, n, rate, sizes)
    if motion and n:
        wave += motion * band_noise(stream(seed, "pleth", "motion"), times, 0.2, 5.0)
    wave += noise * stream(seed, "pleth", "noise").standard_normal(n)
    return quantize(Channel("pleth", "NU", source="simulated/PLETH"), fs, start_ns, wave, QUANTUM)


def pulse_wave(
    feet: NDArray[np.float64], n: int, fs: float, sizes: NDArray[np.float64]
) -> NDArray[np.float32]:
    """Return pulses that begin at `feet` [s], at n samples of `fs` [Hz], of the given sizes."""
    out = np.zeros(n, dtype=np.float32)
    order = np.argsort(feet, kind="stable")
    feet, sizes = feet[order], sizes[order]
    before = np.diff(feet, prepend=feet[:1] - 0.4)
    # A pulse after a long interval is a big one: the heart had time to fill.
    filled = sizes * (0.55 + 0.45 * np.clip(before / 0.4, 0.3, 1.8))
    wide = np.clip(np.sqrt(before / 0.4), 0.7, 1.3)
    # The pulse, and behind its notch the wave that comes back.
    add_bells(out, fs, feet + 0.1, np.full(len(feet), 0.038), filled, skew=1.9)
    add_bells(out, fs, feet + 0.1 + 0.15 * wide, 0.045 * wide, 0.28 * filled, skew=1.3)
    return out
