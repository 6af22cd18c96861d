"""What no peer does: breaths with the heart's share taken out, pulses, and all events of a day."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from harness import RUNS, Row, measure

from joey.beats import detect_beats, nn_intervals
from joey.breaths import detect_breaths
from joey.events import find_all, heart_rate_pieces
from joey.features import HrvRules, measure_windows
from joey.signals import Channel, Series
from joey.simulate import (
    simulate_beats,
    simulate_breaths,
    simulate_ecg,
    simulate_impedance,
    simulate_pleth,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

STEP_S = 300.0
RULES = HrvRules(window_s=1800.0)


def rows(*, quick: bool) -> Iterator[Row]:
    """Yield breaths, pulses, events and sliding entropy."""
    hours, runs = (0.1, 3) if quick else (4.0, RUNS)
    seconds = hours * 3600
    true = simulate_beats(seconds, 150, seed=21)
    beats = detect_beats(simulate_ecg(true, seconds=seconds, seed=21))
    impedance = simulate_impedance(
        simulate_breaths(seconds, seed=21), true, seconds=seconds, cardiac=0.3, seed=21
    )
    pleth = simulate_pleth(true, seconds=seconds, seed=21)
    nobody = "no peer does it; simulated, preterm"
    seen = measure(lambda: detect_breaths(impedance, beats), runs=runs)
    breaths = seen.answer
    yield seen.row(
        f"breaths with the cardiac artifact removed, {hours:g} h at {float(impedance.fs):g} Hz",
        note=f"{hours / seen.ours:.0f} recorded hours per second; {nobody}",
    )
    seen = measure(lambda: detect_beats(pleth), runs=runs)
    yield seen.row(
        f"pulses in a pleth, {hours:g} h at {float(pleth.fs):g} Hz",
        note=f"{hours / seen.ours:.0f} recorded hours per second; {nobody}",
    )
    intervals = nn_intervals(beats, resolution_ms=1.0)
    rate = heart_rate_pieces(intervals)
    at = np.arange(round(seconds), dtype=np.float64)
    dips = np.where(at % 400 < 20, 70.0, 95.0)
    spo2 = Series(Channel("spo2", "%"), at, dips, np.ones(len(at)))
    seen = measure(lambda: find_all(rate, spo2, breaths, source="beat"), runs=runs)
    found = sum(len(each.items) for each in seen.answer)
    yield seen.row(
        f"all default events from beats, SpO2 and breaths, {hours:g} h",
        note=f"{found} events, ABD among the presets; {hours / seen.ours:.0f} hours per second; "
        f"{nobody}",
    )
    seen = measure(lambda: measure_windows(intervals, step_s=STEP_S, rules=RULES), runs=runs)
    yield seen.row(
        f"full HRV with sample entropy, m = 2 and 3, in sliding 30-min windows, {hours:g} h",
        note=f"{len(seen.answer)} windows with coverage, one every 5 min; {nobody}",
    )
