"""Oxygen of a simulated infant: saturation, the oximeter's view of it, and FiO2 set by rule."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from joey.simulate.heart import add_dips
from joey.simulate.seeds import slow_noise, stream
from joey.simulate.waves import uniform

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from joey.simulate.breathing import Apnea

__all__ = ["Oxygen", "oxygen_of"]

FS = 4  # Hz, the grid of saturation
AVERAGING = 8  # s, the oximeter's


@dataclass(frozen=True, slots=True, eq=False)
class Oxygen:
    """Saturation and inspired oxygen.

    Parameters
    ----------
    probe : ndarray of float64, shape (n,)
        Saturation of the blood under the probe, 4 values per second. [%]
    shown : ndarray of float64, shape (m,)
        What the oximeter shows each second: its average, not yet rounded. [%]
    fio2_times, fio2 : ndarray of float64, shape (k,)
        When the oxygen was set, and to what. [s; 1]
    delay : float
        From lung to probe. [s]
    """

    probe: NDArray[np.float64]
    shown: NDArray[np.float64]
    fio2_times: NDArray[np.float64]
    fio2: NDArray[np.float64]
    delay: float


def dips_of(
    seconds: float, apneas: list[Apnea], hazard: NDArray[np.float64], seed: int
) -> NDArray[np.float64]:
    """Return how far saturation falls in spells, at 4 Hz, before any delay. [%, not positive]

    An apnea of d seconds brings a fall with probability 1 / (1 + exp(-(d - 8) / 2.5)), of 0.6 to
    3 % per second beyond its fourth; hypoventilation and shunts without apnea bring others, in the
    same clusters (`hazard` per second, 1/s).
    """
    out = np.zeros(round(seconds * FS))
    rng = stream(seed, "desaturation", "apnea")
    starts = np.array([a.start for a in apneas])
    lengths = np.array([a.end - a.start for a in apneas])
    grain = rng.standard_normal((3, len(apneas)))
    falls = rng.random(len(apneas)) < 1 / (1 + np.exp(-(lengths - 8) / 2.5))
    slope = np.clip(1.5 * np.exp(0.4 * grain[0]), 0.6, 3.0)
    depth = np.minimum(slope * (lengths - 3) + 2, 45) * falls
    recover = 9 * np.exp(0.35 * grain[1])
    hold = 1 + 4 * np.exp(0.6 * grain[2])
    keep = falls & (np.diff(starts, prepend=-9.0) > 1)
    add_dips(out, FS, starts[keep] + 2, lengths[keep], recover[keep], -depth[keep], hold[keep])

    rng = stream(seed, "desaturation", "alone")
    marks = np.cumsum(rng.exponential(1.0, 20 + int(3 * hazard.sum())))
    reach = np.cumsum(hazard)
    marks = marks[marks < reach[-1]]
    alone = np.interp(marks, reach, np.arange(len(reach), dtype=np.float64))
    alone = alone[np.diff(alone, prepend=-99.0) > 20]
    grain = rng.standard_normal((4, len(alone)))
    depth = np.clip(11 * np.exp(0.45 * grain[0]), 3, 45)
    add_dips(
        out,
        FS,
        alone,
        10 * np.exp(0.4 * grain[1]),
        12 * np.exp(0.4 * grain[2]),
        -depth,
        6 * np.exp(0.8 * grain[3]),
    )
    return out


def swings_of(seconds: float, pauses: list[Apnea], seed: int) -> NDArray[np.float64]:
    """Return the small swings of saturation that follow the pauses of periodic breathing. [%]"""
    out = np.zeros(round(seconds * FS))
    rng = stream(seed, "desaturation", "periodic")
    starts = np.array([p.start for p in pauses])
    lengths = np.array([p.end - p.start for p in pauses])
    size = -0.35 * lengths * np.exp(0.4 * rng.standard_normal(len(pauses)))
    add_dips(out, FS, starts + 1, lengths, np.full(len(pauses), 4.0), size)
    return out


def oxygen_of(
    seconds: float,
    shift: NDArray[np.float64],
    dips: NDArray[np.float64],
    postmenstrual_weeks: float,
    seed: int,
) -> Oxygen:
    """Return saturation under nurses who follow a rule.

    Parameters
    ----------
    seconds : float
        Length. [s]
    shift : ndarray of float64, shape (n,)
        What holds and transfers add to saturation, at 4 Hz. [%]
    dips : ndarray of float64, shape (n,)
        Spells, at 4 Hz. [%]
    postmenstrual_weeks : float
        Age: how much oxygen the infant needs.
    seed : int
        The simulation's seed.

    Notes
    -----
    The rule: every 12 min or so the last 5 min are looked at; below 90 % the oxygen goes up by 0.02
    to 0.04, above 95 % it goes down by 0.01 to 0.03, never below 0.21.
    """
    times = uniform(round(seconds * FS), 1 / FS)
    rng = stream(seed, "oxygen")
    mean_need = np.clip(0.235 - 0.006 * (postmenstrual_weeks - 32), 0.17, 0.4) + rng.normal(0, 0.01)
    need = mean_need + 0.012 * slow_noise(stream(seed, "oxygen", "need"), times, 5400.0)
    wobble = 0.7 * slow_noise(stream(seed, "oxygen", "minutes"), times, 180.0)
    wobble += 0.35 * slow_noise(stream(seed, "oxygen", "seconds"), times, 15.0)
    fio2 = max(0.21, round(float(mean_need) + 0.02, 2))
    set_at, set_to = [0.0], [fio2]
    given = np.empty(len(times))
    at, reached = 0, fio2
    turns = stream(seed, "oxygen", "nurse").random((int(seconds / 360) + 2, 2))
    for wait, dose in turns:
        stop = min(at + round((360 + 720 * wait) * FS), len(times))
        # What is set reaches the lungs with a time constant of half a minute.
        given[at:stop] = fio2 + (reached - fio2) * np.exp(-(times[at:stop] - times[at]) / 30)
        part = slice(max(stop - 300 * FS, 0), stop)
        if stop >= len(times):
            break
        seen = float(np.mean(_saturation(given[part], need[part]) + shift[part] + dips[part]))
        new = fio2
        if seen < 90:
            new = round(fio2 + 0.02 + 0.02 * dose, 2)
        elif seen > 95:
            new = max(0.21, round(fio2 - 0.01 - 0.02 * dose, 2))
        if new != fio2:
            fio2 = new
            set_at.append(float(times[stop]))
            set_to.append(fio2)
        at, reached = stop, float(given[stop - 1])
    blood = _ceiling(_saturation(given, need) + wobble + shift) + dips
    blood = np.clip(blood, 35, 100)
    delay = float(np.clip(rng.normal(12, 3), 8, 20))
    wander = delay + 1.5 * slow_noise(stream(seed, "oxygen", "delay"), times, 1800.0)
    probe = np.interp(times - np.clip(wander, 8, 20), times, blood)
    reach = np.concatenate(([0.0], np.cumsum(probe)))
    ends = np.arange(int(seconds)) * FS + 1
    starts = np.maximum(ends - AVERAGING * FS, 0)
    shown = (reach[ends] - reach[starts]) / (ends - starts)
    return Oxygen(probe, shown, np.array(set_at), np.array(set_to), delay)


def _saturation(fio2: NDArray[np.float64], need: NDArray[np.float64]) -> NDArray[np.float64]:
    # 92 % where what is given is what is needed; the upper bend of the dissociation curve.
    return np.asarray(100 - 8 * np.exp(-(fio2 - need) / 0.055), dtype=np.float64)


def _ceiling(value: NDArray[np.float64]) -> NDArray[np.float64]:
    # Nothing above 100, and no corner there.
    return np.asarray(100 - np.logaddexp(0.0, (100 - value) * 2) / 2, dtype=np.float64)
