"""The heart of a simulated infant: its rate, and the exact times of its beats.

Beats come from integral pulse modulation: the rate is integrated and a beat falls at each whole
number, so that their times are exact and the rate is known at every instant.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from joey.simulate.seeds import band_noise, poisson_times, slow_noise, stream
from joey.simulate.waves import STEP, uniform

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["simulate_beats", "simulate_rr"]

JITTER = 0.0011  # s, spread of a beat's time that no modulation explains


def simulate_beats(
    seconds: float,
    rate: float = 150.0,
    *,
    seed: int = 0,
    variability: float = 1.0,
    breathing_rate: float = 50.0,
) -> NDArray[np.float64]:
    """Return the times of heart beats.

    Parameters
    ----------
    seconds : float
        How long. [s]
    rate : float
        Mean heart rate. [1/min]
    seed : int
        Seed of the random numbers.
    variability : float
        1 for a preterm infant's usual variability (SDNN near 10 ms at 150 /min), 0 for a clock.
    breathing_rate : float
        Where the respiratory modulation lies. [1/min]

    Returns
    -------
    ndarray of float64, shape (n,)
        Times from 0, none at or after `seconds`. [s]
    """
    times = uniform(round(seconds / STEP) + 2, STEP)
    quick = quick_variation(times, np.full(len(times), 0.5), seed)
    turn = 2 * np.pi * breathing_rate / 60 * times
    turn += 3 * slow_noise(stream(seed, "turns"), times, 30.0)
    quick += 1.0 * np.sin(turn)
    wave = rate * (1 + variability * quick / 150)
    return beats_along(
        times, wave, np.full(len(times), variability * JITTER), stream(seed, "beats"), seconds
    )


def simulate_rr(
    seconds: float,
    rate: float = 150.0,
    *,
    seed: int = 0,
    variability: float = 1.0,
    breathing_rate: float = 50.0,
) -> NDArray[np.float64]:
    """Return RR intervals: those between the times of `simulate_beats`. [ms]"""
    beats = simulate_beats(
        seconds, rate, seed=seed, variability=variability, breathing_rate=breathing_rate
    )
    return np.asarray(np.diff(beats) * 1000, dtype=np.float64)


def beats_along(
    times: NDArray[np.float64],
    rate: NDArray[np.float64],
    jitter: NDArray[np.float64],
    rng: np.random.Generator,
    seconds: float,
) -> NDArray[np.float64]:
    """Return beat times before `seconds` along a rate [1/min] and a jitter [s] at `times`."""
    phase = np.concatenate(([0.0], np.cumsum((rate[1:] + rate[:-1]) / 120 * np.diff(times))))
    beats = np.interp(np.arange(0.5, phase[-1]), phase, times)
    beats = beats + np.interp(beats, times, jitter) * np.clip(
        rng.standard_normal(len(beats)), -3, 3
    )
    return np.asarray(beats[(beats >= 0) & (beats < seconds)], dtype=np.float64)


def quick_variation(
    times: NDArray[np.float64], active: NDArray[np.float64], seed: int
) -> NDArray[np.float64]:
    """Return what varies within minutes, without breathing's part, at 150 beats/min. [1/min]

    Parameters
    ----------
    times : ndarray of float64, shape (n,)
        Uniform, from 0. [s]
    active : ndarray of float64, shape (n,)
        1 in active sleep, 0 in quiet sleep: active sleep swings wider.
    seed : int
        The simulation's seed.

    Notes
    -----
    Very-low and low frequency parts (0.01-0.04, 0.04-0.2 Hz), and transient decelerations that are
    deeper and steeper than accelerations are high: preterm variability is mostly these.
    """
    swing = 0.75 + 0.5 * active
    slow = 1.5 * band_noise(stream(seed, "heart", "vlf"), times, 0.01, 0.04)
    low = 1.0 * band_noise(stream(seed, "heart", "lf"), times, 0.04, 0.2)
    wave = swing * (slow + low)
    step = float(times[1] - times[0])
    coarse = active[:: round(1 / step)]
    for name, per_hour, height, rise, fall in (
        ("decelerations", 26.0, -6.0, 2.5, 5.0),
        ("accelerations", 10.0, 5.0, 6.0, 10.0),
    ):
        rng = stream(seed, "heart", name)
        at = poisson_times(rng, per_hour / 3600 * (0.5 + coarse), 1.0)
        at = at[np.diff(at, prepend=-1.0) > 2 * step]
        grain = rng.standard_normal((3, len(at)))
        sizes = height * np.exp(0.5 * grain[0])
        rises, falls = rise * np.exp(0.3 * grain[1]), fall * np.exp(0.4 * grain[2])
        add_dips(wave, 1 / step, at, rises, falls, sizes)
    return wave


def add_dips(
    out: NDArray[np.float64],
    fs: float,
    starts: NDArray[np.float64],
    rise: NDArray[np.float64],
    fall: NDArray[np.float64],
    sizes: NDArray[np.float64],
    hold: NDArray[np.float64] | None = None,
) -> None:
    """Add transients: a smooth rise, an optional plateau, a return. [s; units of `out`]"""
    plateau = np.zeros(len(starts)) if hold is None else hold
    # They are few and long: one at a time, where beats and breaths are many and short.
    table = np.column_stack((starts, rise, plateau, fall, sizes)).tolist()
    for start, up_s, stay_s, back_s, size in table:
        lo = max(int(np.ceil(start * fs)), 0)
        hi = min(int(np.ceil((start + up_s + stay_s + 4 * back_s) * fs)), len(out))
        since = np.arange(lo, hi) / fs - start
        up = 0.5 - 0.5 * np.cos(np.pi * np.minimum(since / up_s, 1.0))
        late = np.maximum(since - up_s - stay_s, 0.0)
        out[lo:hi] += size * up * np.exp(-((late / back_s) ** 1.5))
