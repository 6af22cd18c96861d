"""Skin temperature of a simulated infant: incubator, transfer, the holder's chest."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from joey.simulate.seeds import slow_noise, stream

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from joey.simulate.schedule import SimulatedHold

__all__ = ["skin_temperature", "warmth"]

TAU = 600.0  # s, time constant of skin, tissue and probe together


def warmth(times: NDArray[np.float64], start: float, end: float) -> NDArray[np.float64]:
    """Return the share, 0 to 1, of the holder's warmth that has reached the skin at `times`. [s]"""
    held = np.clip(times - start, 0, end - start)
    since = np.maximum(times - end, 0)
    return np.asarray((1 - np.exp(-held / TAU)) * np.exp(-since / TAU), dtype=np.float64)


def skin_temperature(
    times: NDArray[np.float64], holds: Sequence[SimulatedHold], seed: int
) -> NDArray[np.float64]:
    """Return the temperature of a probe on the abdomen. [Cel]

    In the incubator the servo's ripple stands on it (period 15 to 25 min), out of it there is none;
    each transfer cools for some minutes.
    """
    rng = stream(seed, "temperature")
    base = 36.5 + rng.normal(0, 0.1)
    period = rng.uniform(900, 1500)
    turn = 2 * np.pi * times / period
    turn += 1.5 * slow_noise(stream(seed, "temperature", "servo"), times, 7200.0)
    ripple = 0.12 * np.sin(turn)
    out = base + 0.08 * slow_noise(stream(seed, "temperature", "hours"), times, 10800.0)
    for k, hold in enumerate(holds):
        share = warmth(times, hold.start, hold.end)
        effect = hold.effect
        out += share * (effect.temp if effect else 0.0)
        ripple *= 1 - share
        dips = stream(seed, "temperature", "transfer", k).normal(0.45, 0.15, 2)
        for at, dip in zip((hold.start, hold.end), dips, strict=True):
            since = np.maximum(times - at + 120, 0)
            out -= max(float(dip), 0.1) * (since / 240) * np.exp(1 - since / 240)
    return np.asarray(out + ripple, dtype=np.float64)
