"""A small body to search: thirty minutes of ECG, pleth and impedance with plain shapes.

Kept apart from `joey.simulate` on purpose: the kit needs the same samples for ever, not physiology.
"""

from __future__ import annotations

from fractions import Fraction
from functools import cache

import numpy as np

from joey.signals import Channel, Signal, quantize

SECONDS = 1800
# s, when nobody breathes: apart, near each other, across a mark of ten minutes, into a gap
PAUSES = (
    (120.0, 133.0),
    (330.0, 342.0),
    (344.0, 356.0),
    (590.0, 597.5),
    (700.0, 718.0),
    (800.0, 834.0),
    (880.0, 910.0),
    (1000.0, 1005.0),
    (1016.0, 1021.0),
    (1034.0, 1039.5),
    (1218.0, 1230.0),
    (1640.0, 1656.0),
    (1786.0, 1800.0),
)


@cache
def body() -> tuple[Signal, Signal, Signal]:
    """Return ECG [250 Hz], pleth [125 Hz] and impedance [62.5 Hz] of one heart and chest."""
    rng = np.random.default_rng(3)
    rr = 0.40 + 0.02 * np.sin(np.arange(6000) / 9) + rng.normal(0, 0.004, 6000)
    rr[2000:2030] *= 2.0  # a bradycardia
    beats = np.cumsum(rr)
    beats = beats[beats < SECONDS - 1]
    breaths = np.cumsum(rng.normal(1.1, 0.2, 3000).clip(0.6, 2.0))
    breaths = breaths[breaths < SECONDS - 2]
    for start, end in PAUSES:
        breaths = breaths[(breaths < start) | (breaths > end)]
    ecg = _train(beats, 250, ((0.0, 0.008, 1.0), (0.014, 0.008, -0.4), (0.16, 0.03, 0.2)))
    pleth = _train(beats, 125, ((0.12, 0.05, 1.0), (0.28, 0.06, 0.3)))
    resp = _train(breaths, Fraction(125, 2), ((0.5, 0.22, 1.0),))
    resp += _train(beats, Fraction(125, 2), ((0.1, 0.06, 0.15),))
    for wave, fs in ((ecg, 250.0), (pleth, 125.0), (resp, 62.5)):
        _dirt(wave, fs)
    noise = [rng.normal(0, s, len(x)) for s, x in ((0.02, ecg), (0.01, pleth), (0.02, resp))]
    for index, (wave, fs) in enumerate(((ecg, 250.0), (pleth, 125.0), (resp, 62.5))):
        noise[index][int(1300 * fs) : int(1312 * fs)] = 0.5 - wave[int(1300 * fs) : int(1312 * fs)]
    return (
        quantize(Channel("ecg", "mV", lead="II"), 250, 0, ecg + noise[0], 0.002),
        quantize(Channel("pleth", "NU"), 125, 0, pleth + noise[1], 0.001),
        quantize(Channel("resp", "NU"), Fraction(125, 2), 0, resp + noise[2], 0.001),
    )


def _dirt(wave: np.ndarray, fs: float) -> None:
    """Add motion, clipping and a stretch of low amplitude."""
    seconds = np.arange(len(wave)) / fs
    wave += np.where((seconds > 400) & (seconds < 407), 8 * np.sin(5 * seconds), 0.0)
    wave += np.where((seconds > 598) & (seconds < 603), 8 * np.sin(4 * seconds), 0.0)
    low = (seconds > 500) & (seconds < 520)
    wave[low] *= 0.05


def _train(
    at: np.ndarray, fs: int | Fraction, bumps: tuple[tuple[float, float, float], ...]
) -> np.ndarray:
    n = int(SECONDS * fs)
    out = np.zeros(n)
    for delay, width, height in bumps:
        reach = int(4 * width * fs) + 1
        middle = np.rint((at + delay) * float(fs)).astype(np.int64)
        index = middle[:, None] + np.arange(-reach, reach + 1)
        shape = height * np.exp(-((((index / float(fs)) - (at + delay)[:, None]) / width) ** 2) / 2)
        keep = (index >= 0) & (index < n)
        np.add.at(out, index[keep], shape[keep])
    return out
