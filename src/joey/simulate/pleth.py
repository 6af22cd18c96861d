"""Pleth: the pulse at the foot, late by its transit, swinging with breathing, torn by motion."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from joey.signals import Channel, Signal, quantize
from joey.simulate.seeds import band_noise, slow_noise, stream
from joey.simulate.waves import add_pulses

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
    times = np.arange(n) / rate
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
    length = np.clip(np.append(np.diff(feet), 0.4), 0.12, 1.2)
    # A late pulse after a long interval is a big one: the heart had time to fill.
    filled = sizes * (0.55 + 0.45 * np.clip(np.concatenate(([0.4], length[:-1])) / 0.4, 0.3, 1.8))

    def pulse(since: NDArray[np.float64], which: NDArray[np.intp]) -> NDArray[np.float64]:
        share = since / length[which]
        main = np.sin(np.pi * np.clip(since / np.minimum(0.22, 0.6 * length[which]), 0, 1) ** 0.75)
        notch = 0.22 * np.exp(-0.5 * ((since - 0.23) / 0.04) ** 2)
        close = np.clip((1 - share) * 6, 0, 1)
        return np.asarray(filled[which] * (main + notch) * close, dtype=np.float64)

    add_pulses(out, fs, feet, length, pulse)
    return out
