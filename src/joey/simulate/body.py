"""The body of a simulated infant: sleep, heart, breathing, oxygen and warmth, on one clock.

No monitor is known here: times are seconds from the start, and nothing is rounded or lost.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from joey.simulate.breathing import (
    Apnea,
    Breathing,
    apneas_of,
    hazard_of_apnea,
    infant_breathing,
    lung,
    periodic_of,
    sigh_pauses,
)
from joey.simulate.heart import JITTER, add_dips, beats_along, quick_variation
from joey.simulate.oxygen import FS, Oxygen, dips_of, oxygen_of, swings_of
from joey.simulate.schedule import DAY, Care, SimulatedHold, ramp
from joey.simulate.seeds import poisson_times, slow_noise, stream
from joey.simulate.thermal import skin_temperature
from joey.simulate.waves import STEP, uniform
from joey.spans import Spans

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = ["Body", "Motion", "body_of"]


@dataclass(frozen=True, slots=True)
class Motion:
    """A bout of movement: when [s], how strong (1: a usual squirm), and whether it was handling."""

    start: float
    end: float
    strength: float
    handling: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Body:
    """What happened in the infant, exactly.

    Parameters
    ----------
    seconds : float
        Length. [s]
    rate : ndarray of float64, shape (n,)
        Heart rate on the grid of `breathing.STEP`, before beats sample it. [1/min]
    beats : ndarray of float64, shape (m,)
        Times of the beats. [s]
    breathing : Breathing
        Breaths, with and without air.
    apneas, pauses : list of Apnea
        Stops of breathing: apneas of 5 s or more, and the pauses of sighs and periodic breathing.
    periodic : Spans
        Periodic breathing. [s]
    oxygen : Oxygen
        Saturation and FiO2.
    skin : ndarray of float64, shape (k,)
        Skin temperature each second. [Cel]
    motions : list of Motion
        Movement, in time order.
    active : ndarray of float64, shape (k,)
        Share of active sleep each second.
    """

    seconds: float
    rate: NDArray[np.float64]
    beats: NDArray[np.float64]
    breathing: Breathing
    apneas: list[Apnea]
    pauses: list[Apnea]
    periodic: Spans
    oxygen: Oxygen
    skin: NDArray[np.float64]
    motions: list[Motion]
    active: NDArray[np.float64]


def body_of(
    seconds: float,
    start_ns: int,
    holds: Sequence[SimulatedHold],
    cares: Sequence[Care],
    postmenstrual_weeks: float,
    seed: int,
) -> Body:
    """Return an infant's body over a time.

    Parameters
    ----------
    seconds : float
        Length. [s]
    start_ns : int
        Start: sets the hour of the day. [ns]
    holds : sequence of SimulatedHold
        With their effects, in time order.
    cares : sequence of Care
        What is done at the bedside.
    postmenstrual_weeks : float
        Age.
    seed : int
        The simulation's seed.
    """
    times = uniform(round(seconds / STEP) + 2, STEP)
    whole = uniform(int(seconds), 1.0)
    active = sleep_of(times, seed)
    motions = motions_of(seconds, active, holds, cares, seed)

    periodic, rhythm = periodic_of(seconds, postmenstrual_weeks, seed)
    apneas = apneas_of(times, postmenstrual_weeks, seed, _wide(rhythm, 12))
    sighs = sigh_pauses(seconds, seed, _wide([*rhythm, *apneas], 10))
    pauses = sorted([*rhythm, *apneas, *sighs], key=lambda p: p.start)
    pace = breathing_rate(times, active, holds, seed)
    spread = 0.15 + 0.11 * active
    breathing, pauses = infant_breathing(times, pace, spread, pauses, periodic, seed)
    apneas = [p for p in pauses if p.kind in {"central", "mixed", "obstructive"}]
    rhythm = [p for p in pauses if p.kind == "periodic"]

    rate = heart_rate(times, start_ns, active, holds, cares, postmenstrual_weeks, seed)
    calm = _calm(times, holds)
    rate += breathing_in_heart(times, breathing, active, calm, seed)
    for motion in motions:
        if not motion.handling:  # what handling does to the heart comes with its cause
            _add_local(rate, times, motion.start, motion.end, 4 * min(motion.strength, 2.5))
    add_bradycardias(rate, times, apneas, postmenstrual_weeks, seed)
    rate = np.clip(rate, 45, 235)
    beats = beats_along(times, rate, JITTER * calm, stream(seed, "beats"), seconds)

    hazard = hazard_of_apnea(whole, postmenstrual_weeks, seed) * 0.9
    dips = dips_of(seconds, apneas, hazard, seed) + swings_of(seconds, rhythm, seed)
    shift = oxygen_shift(seconds, holds, seed)
    oxygen = oxygen_of(seconds, shift, dips, postmenstrual_weeks, seed)
    return Body(
        seconds,
        rate,
        beats,
        breathing,
        apneas,
        [p for p in pauses if p.kind in {"periodic", "sigh"}],
        periodic,
        oxygen,
        skin_temperature(whole, holds, seed),
        motions,
        np.interp(whole, times, active),
    )


def _wide(pauses: Sequence[Apnea], margin: float) -> Spans:
    return Spans.of([(p.start - margin - 40, p.end + margin) for p in pauses])


def sleep_of(times: NDArray[np.float64], seed: int) -> NDArray[np.float64]:
    """Return the share of active sleep, 0 to 1: cycles of 50 to 60 min, quiet for a third."""
    rng = stream(seed, "sleep")
    n = int(times[-1] / 1800) + 6
    grain = rng.standard_normal((n, 2))
    lengths = np.clip(np.array([36.0, 19.0]) * np.exp(0.22 * grain), 8, 80) * 60
    edges = np.cumsum(lengths.ravel()) - rng.uniform(0, 3300)
    state = np.searchsorted(edges, times, side="right") % 2
    # A minute and a half from one state to the other.
    width = round(90 / STEP)
    reach = np.concatenate(([0.0], np.cumsum(1.0 - state)))
    lo = np.maximum(np.arange(len(times)) - width, 0)
    hi = np.arange(1, len(times) + 1)
    return np.asarray((reach[hi] - reach[lo]) / (hi - lo), dtype=np.float64)


def motions_of(
    seconds: float,
    active: NDArray[np.float64],
    holds: Sequence[SimulatedHold],
    cares: Sequence[Care],
    seed: int,
) -> list[Motion]:
    """Return bouts of movement: by the infant, by cares, and by the transfers of holds."""
    rng = stream(seed, "motion")
    per_hour = 3 + 13 * active[:: round(1 / STEP)][: int(seconds)]
    at = poisson_times(rng, per_hour / 3600, 1.0)
    lengths = 4 * np.exp(0.7 * rng.standard_normal(len(at)))
    strengths = np.exp(0.5 * rng.standard_normal(len(at)))
    bouts = zip(at, lengths, strengths, strict=True)
    found = [Motion(float(t), float(t + d), float(s)) for t, d, s in bouts]
    for care in cares:
        if care.kind == "care":
            rng = stream(seed, "motion", "care", care.time)
            found += _handling(care.time, care.time + 720, 0.5, 1.6, rng)
    for k, hold in enumerate(holds):
        rng = stream(seed, "motion", "hold", k)
        for at_s in hold.bounds:
            found += _handling(at_s - 240, at_s + 240, 0.6, 3.0, rng)
        found += _handling(hold.start + 240, hold.end - 240, 0.02, 0.8, rng)
    kept = [m for m in found if m.start >= 1 and m.end < seconds - 1]
    return sorted(kept, key=lambda m: (m.start, m.end))


def _handling(
    start: float, end: float, share: float, strength: float, rng: np.random.Generator
) -> list[Motion]:
    found: list[Motion] = []
    at = start
    while at < end:
        length = float(rng.exponential(14.0) + 2)
        size = strength * float(np.exp(0.3 * rng.standard_normal()))
        found.append(Motion(at, at + length, size, handling=True))
        at += length + float(rng.exponential(16.0 * (1 - share) / share))
    return found


def breathing_rate(
    times: NDArray[np.float64],
    active: NDArray[np.float64],
    holds: Sequence[SimulatedHold],
    seed: int,
) -> NDArray[np.float64]:
    """Return the breathing rate that breaths follow. [1/min]"""
    base = stream(seed, "breathing", "base").normal(50, 4)
    rate = base + 6 * (active - 0.65)
    rate = rate + 3.0 * slow_noise(stream(seed, "breathing", "hours"), times, 2400.0)
    rate += 2.5 * slow_noise(stream(seed, "breathing", "minutes"), times, 90.0)
    for hold in holds:
        if hold.effect:
            rate += hold.effect.resp_rate * ramp(times, hold.start, hold.end, 600, 600)
    return np.asarray(np.clip(rate, 18, 110), dtype=np.float64)


def _calm(times: NDArray[np.float64], holds: Sequence[SimulatedHold]) -> NDArray[np.float64]:
    factor = np.ones(len(times))
    for hold in holds:
        if hold.effect:
            settled = ramp(times, hold.start, hold.end, 600, 600)
            factor *= 1 + (hold.effect.variability - 1) * settled
    return factor


def heart_rate(
    times: NDArray[np.float64],
    start_ns: int,
    active: NDArray[np.float64],
    holds: Sequence[SimulatedHold],
    cares: Sequence[Care],
    postmenstrual_weeks: float,
    seed: int,
) -> NDArray[np.float64]:
    """Return the heart rate without breathing's part and without bradycardias. [1/min]"""
    base = 154 - 0.8 * (postmenstrual_weeks - 30) + stream(seed, "heart", "base").normal(0, 5)
    hour = 2 * np.pi * (times + (start_ns / 1e9) % DAY) / DAY
    rate = base + 1.8 * np.cos(hour - 2 * np.pi * 17 / 24) + 3.5 * (active - 0.65)
    rate += 2.2 * slow_noise(stream(seed, "heart", "hours"), times, 5400.0)
    rate += 1.2 * slow_noise(stream(seed, "heart", "minutes"), times, 300.0)
    growth = np.exp(0.05 * (postmenstrual_weeks - 32))
    rate += quick_variation(times, active, seed) * growth * _calm(times, holds)
    for care in cares:
        if care.kind == "feed":
            rate += 3.5 * ramp(times, care.time, care.time + 1800, 900, 3600)
        elif care.kind == "caffeine":
            rate += 2.0 * ramp(times, care.time, care.time + 7200, 3600, 28800)
        elif care.kind == "care":
            rate += 7.0 * ramp(times, care.time, care.time + 720, 120, 400)
    for k, hold in enumerate(holds):
        stir = stream(seed, "heart", "transfer", k).normal(12, 3, len(hold.bounds))
        for at, size in zip(hold.bounds, stir, strict=True):
            rate += max(float(size), 2.0) * ramp(times, at - 240, at + 120, 150, 480)
        if hold.effect:
            rate += hold.effect.heart_rate * ramp(times, hold.start, hold.end, 600, 600)
    return np.asarray(rate, dtype=np.float64)


def breathing_in_heart(
    times: NDArray[np.float64],
    breathing: Breathing,
    active: NDArray[np.float64],
    calm: NDArray[np.float64],
    seed: int,
) -> NDArray[np.float64]:
    """Return the respiratory modulation of the heart rate: up as air comes in. [1/min]"""
    volume = np.minimum(lung(breathing, len(times), 1 / STEP).astype(np.float64), 3.0)
    late = round(0.25 / STEP)
    volume = np.concatenate((np.zeros(late), volume))[: len(times)]
    depth = (
        2.3
        * (1.15 - 0.45 * active)
        * np.exp(0.25 * slow_noise(stream(seed, "heart", "rsa"), times, 120.0))
    )
    return np.asarray(depth * calm * (volume - 0.4), dtype=np.float64)


def add_bradycardias(
    rate: NDArray[np.float64],
    times: NDArray[np.float64],
    apneas: list[Apnea],
    postmenstrual_weeks: float,
    seed: int,
) -> None:
    """Let the heart rate [1/min] fall after apneas and now and then without one, in place.

    An apnea of d seconds brings a fall with probability 1 / (1 + exp(-(d - 13) / 3)), 4 to 12 s
    after its start but not past its end, to 60 to 95 beats/min; it ends with the apnea or a few
    seconds later. Others (vagal) come alone.
    """
    rng = stream(seed, "bradycardia", "apnea")
    starts = np.array([a.start for a in apneas])
    lengths = np.array([a.end - a.start for a in apneas])
    grain = rng.standard_normal((4, len(apneas)))
    falls = rng.random(len(apneas)) < 1 / (1 + np.exp(-(lengths - 13) / 3))
    wait = np.minimum(np.clip(7 * np.exp(0.35 * grain[0]), 4, 12), lengths)
    at = (starts + wait)[falls]
    fall = np.clip(2.5 * np.exp(0.35 * grain[1]), 1.2, 6)[falls]
    stay = np.maximum((lengths - wait)[falls] - fall + 1, 1.0)
    recover = np.clip(5 * np.exp(0.35 * grain[2]), 2, 14)[falls]
    nadir = np.clip(80 + 9 * grain[3], 58, 96)[falls]
    level = np.interp(at, times, rate)
    add_dips(rate, 1 / STEP, at, fall, recover, nadir - level, stay)

    rng = stream(seed, "bradycardia", "alone")
    per_day = 14 * np.exp(-0.1 * (postmenstrual_weeks - 32))
    at = poisson_times(rng, np.full(max(int(times[-1]) - 30, 1), per_day / 86400), 1.0)
    at = at[np.diff(at, prepend=-99.0) > 30]
    grain = rng.standard_normal((4, len(at)))
    fall = np.clip(2.2 * np.exp(0.3 * grain[0]), 1.2, 5)
    stay = np.clip(3.5 * np.exp(0.6 * grain[1]), 0.5, 20)
    recover = np.clip(4 * np.exp(0.4 * grain[2]), 2, 14)
    nadir = np.clip(83 + 9 * grain[3], 58, 98)
    level = np.interp(at, times, rate)
    add_dips(rate, 1 / STEP, at, fall, recover, np.minimum(nadir - level, 0), stay)


def oxygen_shift(seconds: float, holds: Sequence[SimulatedHold], seed: int) -> NDArray[np.float64]:
    """Return what holds and their transfers add to saturation, at 4 Hz. [%]"""
    times = uniform(round(seconds * FS), 1 / FS)
    out = np.zeros(len(times))
    for k, hold in enumerate(holds):
        if hold.effect:
            out += hold.effect.spo2 * ramp(times, hold.start, hold.end, 600, 600)
        sizes = stream(seed, "oxygen", "transfer", k).normal(4, 1.5, len(hold.bounds))
        for at, size in zip(hold.bounds, sizes, strict=True):
            out -= max(float(size), 1.0) * ramp(times, at - 60, at + 60, 60, 180)
    return out


def _add_local(
    out: NDArray[np.float64], times: NDArray[np.float64], start: float, end: float, size: float
) -> None:
    lo, hi = np.searchsorted(times, [start, end + 30])
    out[lo:hi] += size * ramp(times[lo:hi], start, end + 2, 4, 25)
