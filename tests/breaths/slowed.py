"""Simulated chests of infants whose heart slows in each long pause, and moves the chest meanwhile.

How wide the heart's pulse is decides what a slow heart makes of it: as wide as the interval between
beats, it is a ripple at the heart's pace; of fixed width, it is a small breath at that pace.

    PYTHONPATH=src:. .venv/bin/python -m tests.breaths.slowed [SEEDS]

prints the table of docs/validation.md.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from tests.breaths.chests import HEAD, SECONDS, Chest, Score, Stratum, chest, score

from joey.beats import Beats
from joey.breaths import detect_breaths
from joey.events import PRESETS, find_apneas
from joey.signals import Channel, quantize
from joey.simulate.impedance import BREATH, QUANTUM
from joey.simulate.seeds import stream
from joey.spans import Spans

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from joey.spans import Span

STILL = Stratum("slow heart", cardiac=0.0, rates=(38.0, 65.0))  # its ripple is added here


def heart_of(pauses: Sequence[Span], low: float, seed: int) -> NDArray[np.float64]:
    """Return beats that fall to `low` a minute 6 s after a pause begins, within 4 s."""
    rng = stream(seed, "slowing")
    times = np.arange(0, SECONDS, 0.02)
    rate = np.full(len(times), rng.uniform(135, 165))
    for pause in pauses:
        if pause.duration > 10:
            corners = pause.start + 6, pause.start + 10, pause.end + 1, pause.end + 7
            rate = np.minimum(rate, np.interp(times, corners, (rate[0], low, low, rate[0])))
    phase = np.cumsum(rate / 60 * 0.02)
    beats = np.interp(np.arange(1, int(phase[-1])), phase, times)
    return beats + rng.normal(0, 0.003, len(beats))


def ripple(beats: NDArray[np.float64], fs: float, n: int, width: float) -> NDArray[np.float64]:
    """Return pulses of `width` seconds, added where they overlap; 0 is as wide as the interval."""
    out = np.zeros(n)
    at = np.arange(n) / fs
    for beat, interval in zip(beats[:-1], np.diff(beats), strict=True):
        lasts = width or interval
        part = slice(max(int(np.ceil(beat * fs)), 0), min(int((beat + lasts) * fs) + 1, n))
        place = (at[part] - beat) / lasts
        if width:
            out[part] += np.sin(np.pi * np.clip(place, 0, 1)) ** 2 * (1.3 - 0.6 * place)
        else:
            out[part] += 0.5 * np.sin(2 * np.pi * place) + 0.2 * np.sin(4 * np.pi * place + 0.4)
    return out


def slowed(seed: int, low: float, width: float, size: float) -> Chest:
    """Return ten minutes of a chest, its beats and its pauses."""
    one = chest(STILL, seed)
    beats = heart_of(one.pauses, low, seed)
    fs = float(one.resp.fs)
    wave = one.resp.values + BREATH * size * ripple(beats, fs, len(one.resp.values), width)
    resp = quantize(one.resp.channel, one.resp.fs, 0, wave, QUANTUM)
    return replace(one, resp=resp, beats=beats_at(beats))


def beats_at(times: NDArray[np.float64]) -> Beats:
    """Return beats found in an ECG that is good all the time."""
    flags = np.zeros(len(times), dtype=np.uint8)
    return Beats(Channel("ecg", "mV"), times, flags, Spans.of([(0.0, SECONDS)]))


def scored(seeds: range, low: float, width: float, size: float) -> Score:
    """Return the score of many such chests."""
    out = Score()
    for seed in seeds:
        one = slowed(seed, low, width, size)
        breaths = detect_breaths(one.resp, one.beats)
        out.add(score(one, find_apneas(breaths, PRESETS["central10"]), breaths.times))
    return out


def main() -> None:
    """Print the table."""
    seeds = range(int(sys.argv[1]) if len(sys.argv) > 1 else 20)
    sys.stdout.write("pulse [s] | of a breath | heart falls to [1/min] | " + HEAD + "\n")
    for width in (0.0, 0.3, 0.4, 0.5):
        for size in (0.3, 0.6):
            for low in (75.0, 60.0):
                row = scored(seeds, low, width, size).row
                sys.stdout.write(f"{width or 'interval'} | {size} | {low:.0f} | {row}\n")


if __name__ == "__main__":
    main()
