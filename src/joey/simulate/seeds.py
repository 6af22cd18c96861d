"""Random numbers of a simulation: one seed, many named streams that do not disturb each other.

A stream is keyed by what it is for, never by when it is asked for: turning one thing off leaves the
numbers of every other as they were. Also the two kinds of slow noise a body is made of here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from zlib import crc32

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["band_noise", "memory_noise", "poisson_times", "stream"]


def stream(seed: int, *name: object) -> np.random.Generator:
    """Return the random numbers of one purpose, named by its parts.

    Parameters
    ----------
    seed : int
        The simulation's one seed.
    *name : object
        What the numbers are for: ``"ecg", "noise"``, ``"hold", 2``.
    """
    key = tuple(crc32(str(part).encode()) for part in name)
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=key))


def memory_noise(
    rng: np.random.Generator, n: int, memory: float, step: float
) -> NDArray[np.float64]:
    """Return a stationary Gaussian AR(1) series of unit SD.

    Parameters
    ----------
    rng : Generator
        Its random numbers.
    n : int
        How many values.
    memory, step : float
        Time after which the correlation has fallen to 1/e, and the time between values. [s]

    Returns
    -------
    ndarray of float64, shape (n,)
    """
    from scipy.signal import lfilter  # noqa: PLC0415 (a second of import, for simulations only)

    rho = float(np.exp(-step / memory))
    white = rng.standard_normal(n) * np.sqrt(1 - rho**2)
    if n:
        white[0] /= np.sqrt(1 - rho**2)  # the first value is of the stationary distribution
    return np.asarray(lfilter([1.0], [1.0, -rho], white), dtype=np.float64)


def slow_noise(
    rng: np.random.Generator, times: NDArray[np.float64], memory: float
) -> NDArray[np.float64]:
    """Return AR(1) noise of unit SD at `times`, drawn on a grid of a tenth of its memory. [s]"""
    step = memory / 10
    n = int(times[-1] // step) + 3
    return np.interp(times, np.arange(n) * step, memory_noise(rng, n, memory, step))


def band_noise(
    rng: np.random.Generator, times: NDArray[np.float64], low: float, high: float
) -> NDArray[np.float64]:
    """Return Gaussian noise of unit SD at `times` [s], its power between two frequencies. [Hz]"""
    fs = 8 * high
    n = int(times[-1] * fs) + 16
    spectrum = np.fft.rfft(rng.standard_normal(n))
    frequency = np.fft.rfftfreq(n, 1 / fs)
    # Edges a quarter of an octave wide: bodies know no brick walls.
    octaves = np.log2(np.maximum(frequency, 1e-9))
    above = 1 / (1 + np.exp(-12 * (octaves - np.log2(low))))
    below = 1 / (1 + np.exp(12 * (octaves - np.log2(high))))
    wave = np.fft.irfft(spectrum * above * below, n)
    wave /= max(float(np.std(wave)), 1e-12)
    return np.interp(times, np.arange(n) / fs, wave)


def poisson_times(
    rng: np.random.Generator, rate: NDArray[np.float64], step: float
) -> NDArray[np.float64]:
    """Return the times of a Poisson process; each rate [1/s] stands for `step`. [s]"""
    reach = np.concatenate(([0.0], np.cumsum(rate * step)))
    # As many exponential gaps as can be needed, so that the count never depends on their sum.
    n = int(reach[-1] + 8 * np.sqrt(reach[-1] + 1) + 8)
    marks = np.cumsum(rng.exponential(1.0, n))
    marks = marks[marks < reach[-1]]
    return np.asarray(np.interp(marks, reach, np.arange(len(reach)) * step), dtype=np.float64)
