"""Desaturations and bradycardias of a patient-year at 1 Hz, beside numpy."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np
from harness import RUNS, Row, measure, version

from joey.events import PRESETS, find_in_series
from joey.signals import Channel, Grid, Segment, Signal, runs_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from joey.events import Events, Preset

GOAL = 2.5
YEAR = 365 * 86_400


def rows(*, quick: bool) -> Iterator[Row]:
    """Yield SpO2 as float32 and int16, and heart rate."""
    count, runs = (YEAR // 50, 3) if quick else (YEAR, RUNS)
    spo2 = wander(count, 95.0, 1.5, 40.0, 100.0, seed=5)
    rate = wander(count, 155.0, 6.0, 90.0, 230.0, seed=6)
    desat = replace(PRESETS["desat_uva"], join=0.0)
    brady = replace(PRESETS["brady_uva"], join=0.0)
    cases = (
        ("SpO2 < 80 %, 10 s, float32", desat, spo2, np.float32, GOAL),
        ("heart rate < 100 /min, 4 s, float32", brady, rate, np.float32, GOAL),
        ("SpO2 < 80 %, 10 s, int16", desat, spo2, np.int16, None),
    )
    for what, preset, values, dtype, goal in cases:
        yield one(what, preset, values, dtype, goal, runs)


def one(
    what: str,
    preset: Preset,
    values: NDArray[np.float32],
    dtype: type[np.float32 | np.int16],
    goal: float | None,
    runs: int,
) -> Row:
    """Return the row of one preset on samples of one type."""
    # No list of gaps is given: both sides find them, by NaN or, in integers, by 0.
    samples = np.nan_to_num(values, nan=0).astype(dtype) if dtype is np.int16 else values
    grid = Grid(0, Fraction(1))
    runs_known = runs_of(samples > 0) if dtype is np.int16 else np.array([[0, len(samples)]])
    segment = Segment(grid, 0, samples, runs_known)
    signal = Signal(Channel("spo2", "%"), grid.fs, (segment,))

    def ours() -> Events:
        return find_in_series(preset, signal, source="numeric")

    seen = measure(ours, lambda: plain(samples, preset.below, preset.at_least), runs=runs)
    events = seen.answer.items
    facts = [(e.span.start, e.span.end, e.nadir, e.nadir_time, e.area, e.truncated) for e in events]
    theirs, searched = seen.peer_answer
    same = np.array_equal(np.array(facts).reshape(-1, 6), theirs)
    same = same and np.array_equal(seen.answer.searched.bounds, searched)
    days = len(values) / 86_400
    return seen.row(
        f"events, {days:.0f} days at 1 Hz: {what}",
        peer_version=f"{version('numpy')} flatnonzero of diff",
        goal=goal,
        agrees=bool(same),
        note=f"{len(facts):,} events: starts, ends, nadirs, areas, truncation, time searched, "
        "all exact; a random walk with dips and gaps, no simulator",
    )


def plain(
    x: NDArray[np.generic], below: float, at_least: float
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return the facts of runs below a threshold, and the spans that were searched, with numpy."""
    known = x > 0  # False for NaN
    searched = edges(known)
    runs = edges((x < below) & known)
    runs = runs[runs[:, 1] - runs[:, 0] >= at_least]
    facts = np.empty((len(runs), 6))
    facts[:, :2] = runs
    for k, (first, stop) in enumerate(runs.tolist()):
        part = x[first:stop]
        deepest = int(np.argmin(part))
        facts[k, 2:5] = part[deepest], first + deepest, np.sum(below - part)
    facts[:, 5] = np.isin(runs[:, 0], searched[:, 0]) | np.isin(runs[:, 1], searched[:, 1])
    return facts, searched


def edges(mask: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return where runs of True begin and end."""
    found = np.flatnonzero(np.diff(mask)) + 1
    if mask[0]:
        found = np.concatenate(([0], found))
    if mask[-1]:
        found = np.concatenate((found, [len(mask)]))
    return found.reshape(-1, 2)


def wander(
    count: int, level: float, spread: float, lowest: float, highest: float, *, seed: int
) -> NDArray[np.float32]:
    """Return whole numbers that wander, with ten dips a day of half a minute, and gaps of NaN."""
    rng = np.random.default_rng(seed)
    steps = rng.normal(0, spread, count // 20 + 2)
    out = np.interp(np.arange(count), 20 * np.arange(len(steps)), steps) + level
    dip = np.sin(np.linspace(0, np.pi, 30))
    for at in rng.integers(0, count - 30, count // 8_640):
        out[at : at + 30] -= rng.uniform(0.1, 1.2) * (level - lowest) * dip
    for at in rng.integers(0, count - 600, count // 43_200):
        out[at : at + rng.integers(1, 600)] = np.nan
    return np.rint(np.clip(out, lowest, highest)).astype(np.float32)
