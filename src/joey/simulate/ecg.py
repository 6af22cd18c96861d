"""ECG of given beats: what electrodes on a small chest would see, and their dirt."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from joey.signals import Channel, Signal, quantize
from joey.simulate.seeds import band_noise, stream
from joey.simulate.waves import add_bells, uniform

if TYPE_CHECKING:
    from fractions import Fraction

    from numpy.typing import NDArray

__all__ = ["Shape", "ecg_wave", "simulate_ecg"]

QUANTUM = 0.0025  # mV per count, as of common monitors
HEART_CORRECTED_QT = 0.41  # s at an RR interval of 1 s, Bazett


@dataclass(frozen=True, slots=True)
class Shape:
    """Shape of one beat in one lead.

    Parameters
    ----------
    q, r, s : float
        Heights of the QRS waves; the largest is where the beat's true time lies. [mV]
    p, t : float
        Heights of the P and T waves. [mV]
    qrs : float
        Duration of QRS; 50 to 70 ms in newborns. [s]
    """

    q: float = -0.08
    r: float = 0.95
    s: float = -0.16
    p: float = 0.08
    t: float = 0.18
    qrs: float = 0.056


def simulate_ecg(  # noqa: PLR0913 (a builder has a knob per effect)
    beat_times: NDArray[np.float64],
    fs: Fraction | int = 250,
    *,
    seconds: float | None = None,
    start_ns: int = 0,
    shape: Shape | None = None,
    amplitude: float = 1.0,
    polarity: int = 1,
    t_wave: float = 1.0,
    noise: float = 0.012,
    wander: float = 0.06,
    hum: float = 0.004,
    seed: int = 0,
    quantum: float = QUANTUM,
) -> Signal:
    """Return an ECG with QRS complexes exactly at the given times.

    Parameters
    ----------
    beat_times : ndarray of float64, shape (n,)
        Times of the largest deflection of QRS, increasing, from `start_ns`. [s]
    fs : Fraction or int
        Sampling frequency. [Hz]
    seconds : float or None
        Length; None: to 0.5 s after the last beat. [s]
    start_ns : int
        Time of the first sample. [ns]
    shape : Shape or None
        Waves of one beat; None: lead II of a preterm infant.
    amplitude : float
        Factor on all waves.
    polarity : int
        1, or -1 for a QRS whose deep wave is negative; the T wave stays as it is.
    t_wave : float
        Factor on the T wave; negative: inverted.
    noise : float
        SD of white electrode noise. [mV]
    wander : float
        SD of baseline wander between 0.05 and 0.6 Hz. [mV]
    hum : float
        Amplitude of 50 Hz hum. [mV]
    seed : int
        Seed of the random numbers.
    quantum : float
        Size of a count. [mV]

    Returns
    -------
    Signal
        Lead II, said to be simulated in its channel's source.
    """
    rate = float(fs)
    last = float(beat_times[-1]) if len(beat_times) else 0.0
    n = round((last + 0.5 if seconds is None else seconds) * rate)
    sizes = np.full(len(beat_times), amplitude)
    wave = ecg_wave(beat_times, n, rate, shape or Shape(), sizes, polarity=polarity, t_wave=t_wave)
    times = uniform(n, 1 / rate)
    if wander and n:
        wave += wander * band_noise(stream(seed, "ecg", "wander"), times, 0.05, 0.6)
    if hum:
        wave += hum * np.sin(2 * np.pi * 50 * times)
    if noise:
        wave += noise * stream(seed, "ecg", "noise").standard_normal(n)
    channel = Channel("ecg", "mV", lead="II", source="simulated/II")
    return quantize(channel, fs, start_ns, wave.astype(np.float64), quantum)


def ecg_wave(
    beats: NDArray[np.float64],
    n: int,
    fs: float,
    shape: Shape,
    sizes: NDArray[np.float64],
    *,
    polarity: int = 1,
    t_wave: float = 1.0,
    turns: NDArray[np.float64] | None = None,
) -> NDArray[np.float32]:
    """Return the clean ECG of beats at n samples of `fs` [Hz]. [mV]

    Parameters
    ----------
    beats : ndarray of float64, shape (m,)
        Times of the largest QRS wave. [s]
    shape : Shape
        Waves of one beat.
    sizes : ndarray of float64, shape (m,)
        Factor on each beat.
    polarity, t_wave
        As of `simulate_ecg`.
    turns : ndarray of float64, shape (m,) or None
        How far the heart's axis has turned at each beat, 0 to 1: S grows as R shrinks.
    """
    out = np.zeros(n, dtype=np.float32)
    if len(beats) == 0:
        return out
    before = np.diff(beats, prepend=beats[0] - (beats[1] - beats[0] if len(beats) > 1 else 0.4))
    turn = np.zeros(len(beats)) if turns is None else turns
    unit = np.full(len(beats), shape.qrs / 56e-3)
    # A QRS of 56 ms: Q, R and S follow each other within it; SDs chosen so that they overlap.
    flip = float(polarity)
    small = flip * sizes
    add_bells(
        out, fs, beats - 0.019 * unit, 0.0055 * unit, small * (shape.q - 0.05 * shape.r * turn)
    )
    add_bells(out, fs, beats, 0.0072 * unit, small * shape.r * (1 - 0.35 * turn))
    add_bells(
        out, fs, beats + 0.0195 * unit, 0.0070 * unit, small * (shape.s - 0.25 * shape.r * turn)
    )
    # P comes 95 ms before R, closer when the heart is fast; T's peak scales with the root of RR.
    lead_in = np.minimum(0.095, 0.30 * before)
    add_bells(out, fs, beats - lead_in, np.full(len(beats), 0.014), sizes * shape.p)
    root = np.sqrt(np.clip(before, 0.15, 1.5))
    peak = HEART_CORRECTED_QT * root - 0.055
    add_bells(out, fs, beats + peak, 0.042 * root / 0.63, sizes * shape.t * t_wave, skew=0.7)
    return out
