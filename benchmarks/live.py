"""What no peer does: one bed a message a second, from joined samples to final events."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np
from harness import RUNS, Row, measure

from joey.live import Board, Monitor
from joey.signals import NS, Channel
from joey.simulate import (
    simulate_beats,
    simulate_breaths,
    simulate_ecg,
    simulate_impedance,
    simulate_pleth,
)
from joey.sources.hl7.types import Header, Identifier, Location, Numeric, Observations, Wave

if TYPE_CHECKING:
    from collections.abc import Iterator

    from joey.signals import Signal

START = 1_790_000_000 * NS
FS = 250
NUMERICS = (
    ("heart_rate", "/min", 150.0), ("pulse_rate", "/min", 150.0), ("resp_rate", "/min", 48.0),
    ("spo2", "%", 95.0), ("temp", "Cel", 36.6), ("perfusion_index", "%", 1.2),
    ("fio2", "1", 0.3), ("nbp_mean", "mm[Hg]", 38.0),
)  # fmt: skip
HEADER = Header("1", "ORU^R01", "P", None, b"", "MON", "NICU", "2.6", "")


def rows(*, quick: bool) -> Iterator[Row]:
    """Yield one bed's monitor and board, with how many beds one core holds."""
    minutes, runs = (2, 1) if quick else (21, min(RUNS, 3))
    messages = ward_messages(60 * minutes)
    nobody = "no peer does it; simulated; 3 waves at 250 Hz, 8 numerics, 1 message a second"

    def watch() -> int:
        monitor = Monitor("bench")
        for k, (each, at) in enumerate(messages):
            monitor.take(each, k, at)
        return len(messages)

    def show() -> int:
        board = Board("NICU/4")
        cursor = 0
        for each, at in messages:
            board.take(each, at)
            cursor, _ = board.waves_since(cursor)
            board.view(at)
        return cursor

    for name, work in (("from message to final facts", watch), ("a bed's screen", show)):
        seen = measure(work, runs=runs)
        each = seen.ours / len(messages)
        yield seen.row(
            f"{name}, {minutes} min of one bed",
            note=f"{1e3 * each:.2f} ms a message: {1 / each:.0f} beds on one core; {nobody}",
        )


def ward_messages(seconds: int) -> list[tuple[Observations, int]]:
    """Return one bed's messages, a second each, with when they come."""
    beats = simulate_beats(seconds, 150, seed=7)
    breaths = simulate_breaths(seconds, seed=7)
    signals = (
        simulate_ecg(beats, seconds=seconds, seed=7),
        simulate_pleth(beats, seconds=seconds, seed=7),
        simulate_impedance(breaths, beats, seconds=seconds, cardiac=0.3, seed=7),
    )
    waves = [_at_250(each) for each in signals]
    rng = np.random.default_rng(7)
    drift = np.cumsum(rng.normal(0, 1, (len(NUMERICS), seconds)), axis=1) * 0.1
    found = []
    for k in range(seconds):
        at = START + k * NS
        numerics = tuple(
            Numeric(Channel(q, unit), round(usual * (1 + drift[i, k] / 100), 2), at, "R", q, unit)
            for i, (q, unit, usual) in enumerate(NUMERICS)
        )
        parts = tuple(
            Wave(
                channel, Fraction(FS), counts[k * FS : (k + 1) * FS],
                np.array([[0, FS]]), scale, 0.0, at, channel.quantity,
            )
            for channel, counts, scale in waves
        )  # fmt: skip
        message = Observations(
            HEADER, Location("NICU", "", "4", "NICU/4"), "MON4",
            (Identifier("1", "HOSP", "MR"),), numerics=numerics, waves=parts, simulated=True,
        )  # fmt: skip
        found.append((message, at + NS + NS // 5))
    return found


def _at_250(signal: Signal) -> tuple[Channel, np.ndarray, float]:
    """Return a signal's counts as a monitor that sends all waves at 250 Hz would."""
    values = signal.values
    at = np.arange(int(len(values) / signal.fs) * FS) / FS
    own = np.arange(len(values)) / float(signal.fs)
    counts = np.rint(np.interp(at, own, values) / signal.scale).astype(np.int32)
    return signal.channel, counts, signal.scale
