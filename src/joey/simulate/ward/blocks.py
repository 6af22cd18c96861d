"""An infant that goes on for ever, simulated in blocks by processes of their own.

A block is some hours of `joey.simulate.simulate_infant`, flattened to one array per wave and
number, and kept in files that are mapped, so that a ward of any size needs little memory. Between
two blocks an infant's leads are moved: half a minute is not measured, as when a monitor is changed.
"""

from __future__ import annotations

import json
import math
import multiprocessing
import os
import signal
import threading
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from joey.signals import Signal
from joey.simulate.infant import Simulated, simulate_infant
from joey.simulate.schedule import HoldEffect, SimulatedHold
from joey.simulate.ward.encode import ABSENT

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

__all__ = ["RATES", "Block", "Plan", "go_last", "make_block", "open_block"]

NS = 1_000_000_000
RATES = {"ecg": Fraction(250), "resp": Fraction(125, 2), "pleth": Fraction(125)}
NUMBERS = ("heart_rate", "pulse_rate", "resp_rate", "spo2", "temp")
CHANGE_S = 30  # s at the end of a block in which nothing is measured
# A hold that helps visibly: the infant settles. The story shows, it proves nothing.
EFFECT = HoldEffect(heart_rate=-8.0, resp_rate=-7.0, spo2=2.5, temp=0.3, variability=0.8)


@dataclass(frozen=True, slots=True)
class Plan:
    """What to simulate.

    Parameters
    ----------
    infant : str
        The infant's number: names the files.
    number : int
        Of the block, from 0 on.
    start_ns : int
        Begin, on a whole second of the ward's host clock. [ns UTC]
    seconds : int
        Length, with the change at its end. [s]
    seed : int
        Of this block.
    weeks, days : float
        Gestational age at birth [weeks], age. [days]
    holds : tuple of (float, float, holders)
        Skin to skin from when to when, from the block's begin [s], by whom: name and role.
    """

    infant: str
    number: int
    start_ns: int
    seconds: int
    seed: int
    weeks: float
    days: float
    holds: tuple[tuple[float, float, tuple[tuple[str, str], ...]], ...] = ()

    @property
    def end_ns(self) -> int:
        """Where the next block begins. [ns UTC]"""
        return self.start_ns + self.seconds * NS


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """Samples and numbers of a plan; absent ones are `ABSENT`.

    Parameters
    ----------
    plan : Plan
        What was simulated.
    waves : dict of str to ndarray of int16
        By quantity, at `RATES`.
    numbers : dict of str to ndarray of int16
        Once a second.
    scales : dict of str to float
        Value of a count.
    truth : dict
        What happened, ready for JSON.
    """

    plan: Plan
    waves: dict[str, NDArray[np.int16]]
    numbers: dict[str, NDArray[np.int16]]
    scales: dict[str, float]
    truth: dict[str, object]


def make_block(plan: Plan, folder: Path) -> None:
    """Simulate a plan and write it to a folder; for a process of its own."""
    holds = tuple(
        SimulatedHold(start, end, holders, effect=EFFECT) for start, end, holders in plan.holds
    )
    made = simulate_infant(
        plan.seconds / 3600,
        plan.seed,
        gestational_age_weeks=plan.weeks,
        postnatal_days=plan.days,
        start_ns=plan.start_ns,
        holds=holds,
        dropout=0.05,
    )
    scales: dict[str, float] = {}
    for each in made.recording.signals:
        quantity = each.channel.quantity
        counts = flatten(each, plan)
        scales[quantity] = each.scale
        np.save(_path(folder, plan, quantity), counts)
    fio2 = made.recording.series[0]
    steps = [
        (float(at - plan.start_ns / NS), float(value))
        for at, value in zip(fio2.times, fio2.values, strict=True)
    ]
    told = {"scales": scales, "fio2": steps, "truth": tell(made, plan)}
    done = _path(folder, plan, "done")
    beside = done.with_suffix(".part")
    beside.write_text(json.dumps(told), encoding="utf-8")
    beside.rename(done)


def go_last() -> None:
    """Let the ward's messages and the server go first, and end with the ward, however it ends."""
    os.nice(5)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the ward, which ends this process
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(0)


def flatten(signal: Signal, plan: Plan) -> NDArray[np.int16]:
    """Return one array from a plan's begin to its end, `ABSENT` where nothing was measured."""
    rate = signal.fs
    out = np.full(int(plan.seconds * rate), ABSENT, dtype=np.int16)
    last = int((plan.seconds - CHANGE_S) * rate)
    for segment in signal.segments:
        for lo, hi in segment.runs.tolist():
            first, stop = segment.first + lo, min(segment.first + hi, last)
            if stop > first:
                out[first:stop] = segment.counts[lo : lo + stop - first]
    return out


def tell(made: Simulated, plan: Plan) -> dict[str, object]:
    """Return what truly happened in a block, for JSON; times are the host's. [ns UTC, s UTC]"""
    truth = made.truth
    last = plan.end_ns - CHANGE_S * NS

    def spans(rows: Sequence[tuple[str, float, float, float]]) -> list[list[object]]:
        return [
            [
                kind,
                round(start, 3),
                round(end, 3),
                None if math.isnan(extreme) else round(extreme, 1),
            ]
            for kind, start, end, extreme in rows
            if start * NS < last
        ]

    beats = truth.beats_ns[truth.beats_ns < last]
    spells = (
        *truth.apneas,
        *truth.pauses,
        *truth.periodic_breathing,
        *truth.bradycardias,
        *truth.desaturations,
    )
    return {
        "simulated": True,
        "infant": plan.infant,
        "block": plan.number,
        "seed": plan.seed,
        "start_ns": plan.start_ns,
        "end_ns": last,
        "beats_ns": beats.tolist(),
        "breaths_ns": truth.breaths_ns[truth.breaths_ns < last].tolist(),
        "spells": spans([(s.kind, s.start, s.end, s.extreme) for s in spells]),
        "holds": [
            [hold.start, hold.end, [role for _, role in hold.holders]] for hold in truth.holds
        ],
        "monitor": spans(
            [(f"{d.what} {d.channel}", d.start, d.end, float("nan")) for d in truth.dirt]
        ),
    }


def _path(folder: Path, plan: Plan, name: str) -> Path:
    suffix = "json" if name == "done" else "npy"
    return folder / f"{plan.infant}-{plan.number}-{name}.{suffix}"


def open_block(plan: Plan, folder: Path) -> Block:
    """Return a block that was made; its files are gone with the last use of it.

    Raises
    ------
    OSError
        If it was not made.
    """
    done = _path(folder, plan, "done")
    told = json.loads(done.read_text(encoding="utf-8"))
    done.unlink()
    found: dict[str, NDArray[np.int16]] = {}
    for quantity in (*RATES, *NUMBERS):
        path = _path(folder, plan, quantity)
        found[quantity] = np.load(path, mmap_mode="r")
        path.unlink()  # the map keeps it until the block is dropped
    fio2 = np.zeros(plan.seconds, dtype=np.int16)
    for at, value in told["fio2"]:
        fio2[max(int(at), 0) :] = round(1000 * value)
    numbers = {quantity: found[quantity] for quantity in NUMBERS} | {"fio2": fio2}
    return Block(
        plan,
        {quantity: found[quantity] for quantity in RATES},
        numbers,
        told["scales"] | {"fio2": 0.001},
        told["truth"],
    )
