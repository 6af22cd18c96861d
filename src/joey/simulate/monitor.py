"""What a bedside monitor records of a simulated body: waveforms and numerics, with their dirt.

Waveforms are drawn an hour at a time, so that a day fits into little memory.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from joey.signals import Channel, Grid, Segment, Series, Signal, runs_of
from joey.simulate import impedance, pleth
from joey.simulate.breathing import lung
from joey.simulate.ecg import QUANTUM, Shape, ecg_wave
from joey.simulate.numerics import UNITS, mean_rate
from joey.simulate.oxygen import AVERAGING
from joey.simulate.schedule import ramp
from joey.simulate.seeds import band_noise, slow_noise, stream
from joey.simulate.waves import STEP, uniform
from joey.spans import EMPTY, Spans, contains, union

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from joey.simulate.body import Body, Motion
    from joey.simulate.dirt import Dirt
    from joey.simulate.schedule import SimulatedHold

__all__ = ["numerics_of", "waveforms_of"]

BLOCK_S = 3600  # s, length of the blocks in which waveforms are drawn
RAIL = 5.0  # mV and Ohm, where the amplifiers end


def waveforms_of(
    body: Body,
    holds: Sequence[SimulatedHold],
    dirt: Dirt,
    start_ns: int,
    seed: int,
    *,
    polarity: int = 1,
) -> tuple[Signal, ...]:
    """Return ECG, impedance and pleth as the monitor recorded them."""
    return (
        _ecg(body, holds, dirt, start_ns, seed, polarity),
        _impedance(body, holds, dirt, start_ns, seed),
        _pleth(body, dirt, start_ns, seed),
    )


def _ecg(
    body: Body,
    holds: Sequence[SimulatedHold],
    dirt: Dirt,
    start_ns: int,
    seed: int,
    polarity: int,
) -> Signal:
    fs = 250
    n = int(body.seconds) * fs
    slow = uniform(round(body.seconds / STEP) + 2, STEP)
    rng = stream(seed, "ecg", "shape")
    tall = float(np.clip(0.9 + 0.15 * rng.standard_normal(), 0.5, 1.5))
    # S stays below R even when the axis turns: the true beat is QRS's largest wave.
    shape = Shape(
        q=-tall * float(np.clip(0.08 * np.exp(0.4 * rng.standard_normal()), 0, 0.2)),
        r=tall,
        s=-tall * float(np.clip(0.17 * np.exp(0.4 * rng.standard_normal()), 0, 0.35)),
        p=float(np.clip(0.08 + 0.015 * rng.standard_normal(), 0.04, 0.13)),
        t=float(np.clip(0.16 + 0.05 * rng.standard_normal(), 0.06, 0.3)),
        qrs=float(np.clip(0.057 + 0.003 * rng.standard_normal(), 0.05, 0.066)),
    )
    volume = lung(body.breathing, len(slow), 1 / STEP).astype(np.float64)
    sizes = np.exp(0.06 * slow_noise(stream(seed, "ecg", "size"), body.beats, 1800.0))
    sizes *= 1 - 0.07 * np.interp(body.beats - 0.1, slow, volume)
    turns = _held(body.beats, holds, stream(seed, "ecg", "axis"), 0.3, 0.8)
    clean = ecg_wave(body.beats, n, fs, shape, sizes, polarity=polarity, turns=turns)
    wander = 0.03 * band_noise(stream(seed, "ecg", "wander"), slow, 0.05, 0.5) + 0.03 * volume
    muscle = np.exp(0.7 * slow_noise(stream(seed, "ecg", "muscle"), slow, 40.0))
    hum = 0.004 * np.exp(0.5 * slow_noise(stream(seed, "ecg", "hum"), slow, 900.0))
    _add_motion(clean, fs, body.motions, (0.3, 6.0), 0.10, stream(seed, "ecg", "motion"))
    _add_motion(clean, fs, body.motions, (20.0, 60.0), 0.06, stream(seed, "ecg", "emg"))
    grain = stream(seed, "ecg", "noise")
    counts = np.empty(n, dtype=np.int16)
    for lo in range(0, n, BLOCK_S * fs):
        at = np.arange(lo, min(lo + BLOCK_S * fs, n)) / fs
        block = clean[lo : lo + len(at)] + np.interp(at, slow, wander)
        block += np.interp(at, slow, hum) * np.sin(2 * np.pi * 50.02 * at)
        noise = grain.standard_normal(len(at), dtype=np.float32)
        block += (0.006 + 0.004 * np.interp(at, slow, muscle)) * noise
        counts[lo : lo + len(at)] = _quantized(block, QUANTUM)
    channel = Channel("ecg", "mV", lead="II", source="simulated/II")
    return _recorded(channel, Fraction(fs), start_ns, counts, QUANTUM, dirt, "ecg")


def _impedance(
    body: Body, holds: Sequence[SimulatedHold], dirt: Dirt, start_ns: int, seed: int
) -> Signal:
    rate = float(impedance.FS)
    n = int(body.seconds * rate)
    slow = uniform(round(body.seconds / STEP) + 2, STEP)
    heart = stream(seed, "impedance", "heart").uniform(0.06, 0.2)
    swell = slow_noise(stream(seed, "impedance", "heart size"), body.beats, 900.0)
    sizes = np.clip(heart * np.exp(0.35 * swell), 0.05, 0.3)
    wave = lung(body.breathing, n, rate)
    wave *= np.interp(
        np.arange(n) / rate,
        slow,
        np.exp(0.22 * slow_noise(stream(seed, "impedance", "size"), slow, 240.0)),
    ).astype(np.float32)
    wave += impedance.cardiac_artifact(body.beats, n, rate, sizes)
    for k, hold in enumerate(holds):
        for j, (lo, hi) in enumerate(pairwise(hold.bounds)):
            rng = stream(seed, "impedance", "holder", k, j)
            pace, size = rng.uniform(12, 21), rng.uniform(0.2, 0.8)
            first, last = int(lo * rate), int(hi * rate)
            grid = uniform(last - first, 1 / rate)
            share = ramp(grid, 0, hi - lo - 20, 20, 20) * size
            adult = impedance.holder_breathing(last - first, rate, float(pace), rng)
            wave[first:last] += (share * adult).astype(np.float32)
    _add_motion(wave, rate, body.motions, (0.1, 3.0), 0.7, stream(seed, "impedance", "motion"))
    base = 0.25 * slow_noise(stream(seed, "impedance", "drift"), slow, 120.0)
    base += _held(slow, holds, stream(seed, "impedance", "step"), -1.2, 1.2)
    at = np.arange(n) / rate
    wave += np.interp(at, slow, base).astype(np.float32)
    wave += 0.012 * stream(seed, "impedance", "noise").standard_normal(n, dtype=np.float32)
    counts = _quantized(impedance.BREATH * wave, impedance.QUANTUM)
    channel = Channel("resp", "Ohm", source="simulated/RESP")
    return _recorded(channel, impedance.FS, start_ns, counts, impedance.QUANTUM, dirt, "resp")


def _pleth(body: Body, dirt: Dirt, start_ns: int, seed: int) -> Signal:
    fs = 125
    n = int(body.seconds) * fs
    sizes = np.exp(0.25 * slow_noise(stream(seed, "pleth", "perfusion"), body.beats, 600.0))
    slow = uniform(round(body.seconds / STEP) + 2, STEP)
    volume = lung(body.breathing, len(slow), 1 / STEP).astype(np.float64)
    sizes *= 1 - 0.08 * np.interp(body.beats, slow, volume)
    wave = pleth.pulse_wave(pulses_of(body, seed), n, fs, sizes)
    _add_motion(wave, fs, body.motions, (0.3, 5.0), 0.8, stream(seed, "pleth", "motion"))
    wave += np.interp(np.arange(n) / fs, slow, 0.15 * (1 - volume)).astype(np.float32)
    wave += 0.008 * stream(seed, "pleth", "noise").standard_normal(n, dtype=np.float32)
    counts = _quantized(wave, pleth.QUANTUM)
    channel = Channel("pleth", "NU", site="foot", source="simulated/PLETH")
    return _recorded(channel, Fraction(fs), start_ns, counts, pleth.QUANTUM, dirt, "pleth")


def pulses_of(body: Body, seed: int) -> NDArray[np.float64]:
    """Return when each beat's pulse begins at the foot. [s]"""
    late = pleth.TRANSIT + 0.008 * slow_noise(stream(seed, "pleth", "transit"), body.beats, 120.0)
    return np.asarray(body.beats + late, dtype=np.float64)


def numerics_of(
    body: Body, dirt: Dirt, start_ns: int, seed: int
) -> tuple[tuple[Signal, ...], Series]:
    """Return the monitor's numbers, one per second, and FiO2 as it was set."""
    seconds = body.seconds
    now = np.arange(int(seconds), dtype=np.float64)
    moved = Spans.of([(m.start, m.end + 4) for m in body.motions if m.strength > 1.5])
    heart = mean_rate(body.beats, seconds, 10, 1.0)
    pulse = mean_rate(pulses_of(body, seed), seconds, 14, 2.0)
    shake = stream(seed, "pulse_rate", "motion").normal(0, 12, len(now))
    pulse += np.where(contains(moved, now), shake, 0.0)
    resp = mean_rate(body.breathing.peaks, seconds, 8, 2.0)
    wrong = contains(dirt.doubled, now)
    resp = np.where(wrong, np.minimum(2 * resp, heart), resp)
    rails = dirt.rails
    leads = union(rails.get("ecg", EMPTY), dirt.lost.get("ecg", EMPTY))
    leads = Spans.of(leads.bounds + np.array([2.0, 6.0]))  # a monitor needs seconds to notice
    probe = dirt.lost.get("probe", EMPTY)
    probe = Spans.of(probe.bounds + np.array([3.0, 10.0]))
    rows = (
        ("heart_rate", heart, 1.0, leads, None, ""),
        ("pulse_rate", pulse, 1.0, probe, None, "foot"),
        ("resp_rate", resp, 1.0, leads, None, ""),
        ("spo2", body.oxygen.shown, 1.0, probe, float(AVERAGING), "foot"),
        ("temp", body.skin, 0.1, EMPTY, None, "skin"),
    )
    signals = []
    for quantity, values, quantum, gone, averaging, site in rows:
        lost = union(gone, dirt.lost.get(quantity, EMPTY))
        known = np.isfinite(values) & ~contains(lost, now)
        counts = np.where(known, np.rint(np.nan_to_num(values) / quantum), 0).astype(np.int16)
        counts, known = _freeze(counts, known, dirt.frozen)
        channel = Channel(
            quantity,
            UNITS[quantity],
            site=site,
            source=f"simulated/{quantity}",
            averaging_s=averaging,
        )
        segments = _segments(Fraction(1), start_ns, counts, known, dirt)
        signals.append(Signal(channel, Fraction(1), segments, quantum))
    return tuple(signals), _fio2(body, dirt, start_ns)


def _fio2(body: Body, dirt: Dirt, start_ns: int) -> Series:
    edges = np.append(body.oxygen.fio2_times, body.seconds)
    stamps = dirt.clock.stamps(edges)
    channel = Channel("fio2", "1", source="simulated/FiO2")
    return Series(channel, start_ns / 1e9 + stamps[:-1], body.oxygen.fio2, np.diff(stamps))


def _held(
    times: NDArray[np.float64],
    holds: Sequence[SimulatedHold],
    rng: np.random.Generator,
    low: float,
    high: float,
) -> NDArray[np.float64]:
    out = np.zeros(len(times))
    for hold in holds:
        out += rng.uniform(low, high) * ramp(times, hold.start - 20, hold.end - 20, 40, 40)
    return out


def _add_motion(
    wave: NDArray[np.floating],
    fs: float,
    motions: Sequence[Motion],
    band: tuple[float, float],
    size: float,
    rng: np.random.Generator,
) -> None:
    # One strip of noise, of which each bout takes a piece: a strip per bout would cost more.
    strip = band_noise(rng, uniform(round(600 * fs), 1 / fs), *band)
    places = rng.random(len(motions))
    for motion, place in zip(motions, places, strict=True):
        lo, hi = max(round(motion.start * fs), 0), min(round(motion.end * fs), len(wave))
        length = min(hi - lo, len(strip) // 2)
        if length < 2:
            continue
        at = int(place * (len(strip) - length))
        window = np.sin(np.pi * (np.arange(length) + 0.5) / length) ** 0.5
        wave[lo : lo + length] += size * motion.strength * window * strip[at : at + length]


def _quantized(values: NDArray[np.floating], quantum: float) -> NDArray[np.int16]:
    # Monitors clip at their rail; nothing here comes near the end of 16 bits.
    counts = np.clip(np.rint(values / quantum), -RAIL / quantum, RAIL / quantum)
    return np.asarray(counts, dtype=np.int16)


def _recorded(
    channel: Channel,
    fs: Fraction,
    start_ns: int,
    counts: NDArray[np.int16],
    quantum: float,
    dirt: Dirt,
    name: str,
) -> Signal:
    for span in dirt.rails.get(name, EMPTY):
        counts[int(span.start * fs) : int(span.end * fs)] = round(RAIL / quantum)
    known = np.ones(len(counts), dtype=np.bool_)
    for span in dirt.lost.get(name, EMPTY):
        known[int(span.start * fs) : int(span.end * fs)] = False
    return Signal(channel, fs, _segments(fs, start_ns, counts, known, dirt), quantum)


def _freeze(
    counts: NDArray[np.int16], known: NDArray[np.bool_], frozen: Spans
) -> tuple[NDArray[np.int16], NDArray[np.bool_]]:
    for span in frozen:
        lo, hi = int(span.start), int(span.end)
        if lo:
            counts[lo:hi], known[lo:hi] = counts[lo - 1], known[lo - 1]
    return counts, known


def _segments(
    fs: Fraction,
    start_ns: int,
    counts: NDArray[np.int16],
    known: NDArray[np.bool_],
    dirt: Dirt,
) -> tuple[Segment, ...]:
    # Gaps end a segment; so does a leap of the clock, after which indices are later by its size.
    n = len(counts)
    on = np.ones(n, dtype=np.bool_)
    for span in dirt.off:
        on[int(span.start * fs) : int(span.end * fs)] = False
    grid = Grid(start_ns, fs)
    found: list[Segment] = []
    leaps = sorted(int(at * fs) for at, _ in dirt.clock.steps)
    for lo, hi in runs_of(on):
        cuts = [int(lo), *(c for c in leaps if lo < c < hi), int(hi)]
        for a, b in pairwise(cuts):
            shift = sum(int(size * fs) for at, size in dirt.clock.steps if int(at * fs) <= a)
            found.append(Segment(grid, a + shift, counts[a:b], runs_of(known[a:b])))
    return tuple(found)
