"""The lungs of a simulated infant: breaths, pauses, apneas that cluster, periodic breathing.

Knows nothing of electrodes: what an impedance channel makes of it is in `impedance`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from joey.simulate.seeds import memory_noise, poisson_times, slow_noise, stream
from joey.simulate.waves import STEP, add_pulses, uniform
from joey.spans import EMPTY, Spans, contains, subtract

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Apnea", "Breathing", "simulate_breaths"]

CHAIN = 0.3  # correlation of one breath's length with the next
INSPIRATION = 0.4  # share of a breath
MOST_PER_S = 3.0  # Hz, more breaths than anyone takes


@dataclass(frozen=True, slots=True)
class Apnea:
    """One stop of breathing.

    Parameters
    ----------
    start, end : float
        From the end of the last breath to the start of the next that moves air. [s]
    kind : str
        ``central`` (no effort), ``mixed`` (effort against a closed airway at its end),
        ``obstructive`` (effort throughout: impedance sees breaths), ``periodic`` (a pause of
        periodic breathing) or ``sigh`` (the pause after a sigh).
    """

    start: float
    end: float
    kind: str


@dataclass(frozen=True, slots=True, eq=False)
class Breathing:
    """Breaths with their sizes.

    Parameters
    ----------
    onsets, peaks, ends : ndarray of float64, shape (n,)
        Start of inspiration, its end, and the end of expiration. [s]
    sizes : ndarray of float64, shape (n,)
        Chest movement in units of the infant's usual breath.
    airless : ndarray of bool, shape (n,)
        Whether the breath is effort against a closed airway.
    """

    onsets: NDArray[np.float64]
    peaks: NDArray[np.float64]
    ends: NDArray[np.float64]
    sizes: NDArray[np.float64]
    airless: NDArray[np.bool_]


def simulate_breaths(
    seconds: float,
    rate: float = 50.0,
    *,
    seed: int = 0,
    variability: float = 0.22,
    stops: Spans = EMPTY,
) -> NDArray[np.float64]:
    """Return times at which inspiration ends.

    Parameters
    ----------
    seconds : float
        How long to breathe. [s]
    rate : float
        Mean breathing rate outside the stops. [1/min]
    seed : int
        Seed of the random numbers.
    variability : float
        SD of a breath's length over its mean; 0.16 to 0.28 in the preterm infants of PICS.
    stops : Spans
        Where no breath starts. [s]

    Returns
    -------
    ndarray of float64, shape (n,)
        Times from 0. [s]
    """
    times = uniform(round(seconds / STEP) + 1, STEP)
    flat = np.full(len(times), rate)
    breaths = breathe(times, flat, np.full(len(times), variability), stops, stream(seed, "breaths"))
    return breaths.peaks[breaths.peaks < seconds]


def breathe(
    times: NDArray[np.float64],
    rate: NDArray[np.float64],
    variability: NDArray[np.float64],
    stops: Spans,
    rng: np.random.Generator,
) -> Breathing:
    """Return breaths along a rate [1/min] and a relative variability given at `times` [s]."""
    moving = np.where(contains(stops, times), 0.0, rate / 60)
    phase = np.concatenate(([0.0], np.cumsum(moving[:-1]) * np.diff(times)))
    # As many draws as the fastest lungs could need: how many must not depend on the rate.
    n = int(times[-1] * MOST_PER_S) + 50
    chain = memory_noise(rng, n, -1 / np.log(CHAIN), 1.0)
    grain = rng.standard_normal((n, 2)).T
    spread = np.interp(np.interp(np.arange(n), phase, times), times, variability)
    length = np.maximum(np.exp(spread * chain - spread**2 / 2), 0.35)
    turns = np.cumsum(length) - length[0] * 0.5
    kept = turns < phase[-1]
    turns, length, grain, chain = turns[kept], length[kept], grain[:, kept], chain[kept]
    spread = spread[kept]
    onsets = np.interp(turns, phase, times)
    usual = length * 60 / np.interp(onsets, times, rate)
    until_next = np.append(np.diff(onsets), np.inf)
    whole = np.minimum(usual * 0.97, until_next)
    inspiration = whole * np.clip(INSPIRATION + 0.04 * grain[0], 0.28, 0.52)
    # Long breaths are deep ones, and neighbors resemble each other.
    sizes = np.exp(0.5 * spread * chain + 0.15 * grain[1] - 0.02)
    return Breathing(
        onsets, onsets + inspiration, onsets + whole, sizes, np.zeros(len(onsets), dtype=np.bool_)
    )


def lung(breaths: Breathing, n: int, fs: float) -> NDArray[np.float32]:
    """Return chest movement by all breaths at n samples of `fs` [Hz], in usual breaths."""
    out = np.zeros(n, dtype=np.float32)
    rise = breaths.peaks - breaths.onsets
    fall = breaths.ends - breaths.peaks

    def breath(since: NDArray[np.float64], which: NDArray[np.intp]) -> NDArray[np.float64]:
        up = 0.5 - 0.5 * np.cos(np.pi * np.minimum(since / rise[which], 1.0))
        out_share = np.clip((since - rise[which]) / fall[which], 0.0, 1.0)
        # Expiration is passive: quick at first, then slow.
        down = 0.5 + 0.5 * np.cos(np.pi * out_share**0.7)
        return np.asarray(breaths.sizes[which] * up * down, dtype=np.float64)

    add_pulses(out, fs, breaths.onsets, breaths.ends - breaths.onsets, breath)
    return out


def hazard_of_apnea(
    times: NDArray[np.float64], postmenstrual_weeks: float, seed: int
) -> NDArray[np.float64]:
    """Return the rate of central apneas of 5 s and more at `times` [1/s].

    A slow and a fast hidden state multiply it, so that apneas cluster on scales from minutes to
    hours (lifetimes of 10 s to 12 h: Clark 2016, doi 10.1088/0967-3334/37/4/463). The mean falls
    with age as desaturations did in Nagraj 2019 (60 to 41 per day from 32 to 35 weeks).
    """
    per_day = 105 * np.exp(-0.127 * (postmenstrual_weeks - 32))
    slow = slow_noise(stream(seed, "apnea", "hours"), times, 3 * 3600.0)
    fast = slow_noise(stream(seed, "apnea", "minutes"), times, 120.0)
    return np.asarray(per_day / 86400 * np.exp(0.7 * slow - 0.245 + 1.1 * fast - 0.605))


def apneas_of(
    times: NDArray[np.float64], postmenstrual_weeks: float, seed: int, busy: Spans
) -> list[Apnea]:
    """Return apneas in time order, at least 8 s apart, none starting in `busy`."""
    coarse = times[:: round(1 / STEP)]
    hazard = hazard_of_apnea(coarse, postmenstrual_weeks, seed)
    starts = poisson_times(stream(seed, "apnea", "times"), hazard[:-1], 1.0)
    rng = stream(seed, "apnea", "lengths")
    lengths = np.clip(4 + 4.6 * np.exp(0.75 * rng.standard_normal(len(starts))), 5, 40)
    kinds = rng.choice(["central", "mixed", "obstructive"], len(starts), p=[0.75, 0.2, 0.05])
    taken = contains(busy, starts)
    found: list[Apnea] = []
    for start, length, kind, no in zip(starts, lengths, kinds, taken, strict=True):
        clear = not found or start > found[-1].end + 8
        if clear and not no and start + length < times[-1] - 5:
            found.append(Apnea(float(start), float(start + length), str(kind)))
    return found


def periodic_of(seconds: float, postmenstrual_weeks: float, seed: int) -> tuple[Spans, list[Apnea]]:
    """Return the spans of periodic breathing and the pauses in them.

    About one in twenty minutes (Patel 2016, PMC4929034: below 6 % under 35 weeks); cycles of 10 to
    25 s with a pause of 3 to 9 s, at least three of them.
    """
    rng = stream(seed, "periodic breathing")
    share = 0.05 * np.exp(-0.1 * (postmenstrual_weeks - 32))
    starts = poisson_times(rng, np.full(max(int(seconds) - 1, 1), share / 130), 1.0)
    spans: list[tuple[float, float]] = []
    pauses: list[Apnea] = []
    for start in starts:
        cycle = float(rng.uniform(10, 25))
        pause = float(np.clip(cycle * rng.uniform(0.25, 0.45), 3.2, 9))
        count = 3 + int(rng.geometric(0.2))
        jitter = rng.normal(1, 0.08, (2, count))
        at = start
        if spans and start < spans[-1][1] + 60:
            continue
        if start + cycle * count * 1.4 > seconds:
            break
        for k in range(count):
            long = max(pause * jitter[0, k], 3.1)
            pauses.append(Apnea(float(at), float(at + long), "periodic"))
            at += max(cycle * jitter[1, k], long + 3)
        spans.append((float(start), float(at)))
    return Spans.of(spans), pauses


def sigh_pauses(seconds: float, seed: int, busy: Spans) -> list[Apnea]:
    """Return the short pauses after sighs, some twelve an hour, none starting in `busy`."""
    rng = stream(seed, "sighs")
    times = poisson_times(rng, np.full(max(int(seconds) - 10, 1), 12 / 3600), 1.0)
    lengths = np.clip(1.2 + 1.5 * rng.exponential(1.0, len(times)), 1.2, 4.5)
    free = ~contains(busy, times) & (np.diff(times, append=np.inf) > 15)
    found = zip(times[free], lengths[free], strict=True)
    return [Apnea(float(t), float(t + d), "sigh") for t, d in found]


def infant_breathing(
    times: NDArray[np.float64],
    rate: NDArray[np.float64],
    variability: NDArray[np.float64],
    pauses: list[Apnea],
    periodic: Spans,
    seed: int,
) -> tuple[Breathing, list[Apnea]]:
    """Return breaths around the given pauses, and the pauses as the breaths left them.

    Parameters
    ----------
    times, rate, variability
        As of `breathe`.
    pauses : list of Apnea
        Where breathing is to stop, in time order, disjoint.
    periodic : Spans
        Where breaths wax and wane.
    seed : int
        The simulation's seed.
    """
    effort = {"mixed": 0.6, "obstructive": 0.0}  # share of an apnea after which effort sets in
    still = [(p.start, p.start + (p.end - p.start) * effort.get(p.kind, 1.0)) for p in pauses]
    closed = subtract(Spans.of([(p.start, p.end) for p in pauses]), Spans.of(still))
    breaths = breathe(times, rate, variability, Spans.of(still), stream(seed, "breaths"))
    sizes = breaths.sizes
    starts = np.array([p.start for p in pauses])
    stops = np.array([p.end for p in pauses])
    if len(pauses):
        # The breath before a sigh's pause is the sigh; periodic breaths wax and wane between
        # pauses.
        last = np.clip(np.searchsorted(breaths.onsets, starts) - 1, 0, len(sizes) - 1)
        sighs = np.array([p.kind == "sigh" for p in pauses])
        sizes[last[sighs]] *= 2.4
        nth = np.searchsorted(starts, breaths.onsets)
        since = breaths.onsets - np.concatenate(([-np.inf], stops))[nth]
        until = np.concatenate((starts, [np.inf]))[nth] - breaths.onsets
        wave = np.clip(np.minimum(since, until) / 3.5, 0.3, 1.4)
        sizes = np.where(contains(periodic, breaths.onsets), sizes * wave, sizes)
    airless = contains(closed, breaths.onsets)
    sizes = np.where(airless, sizes * 0.8, sizes)
    breaths = Breathing(breaths.onsets, breaths.peaks, breaths.ends, sizes, airless)
    return breaths, [_as_breathed(p, breaths) for p in pauses]


def _as_breathed(pause: Apnea, breaths: Breathing) -> Apnea:
    moving = ~breaths.airless
    onsets, ends = breaths.onsets[moving], breaths.ends[moving]
    # Rates stand for a step: a breath may still begin within the step in which the pause does.
    nth = int(np.searchsorted(onsets, pause.start + STEP))
    start = float(ends[nth - 1]) if nth else pause.start
    end = float(onsets[nth]) if nth < len(onsets) else pause.end
    return Apnea(min(start, end), end, pause.kind)
